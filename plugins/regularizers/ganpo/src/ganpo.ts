import {
  add,
  binaryCrossEntropy,
  cast,
  concat,
  div,
  equal,
  less,
  maximum,
  minimum,
  mul,
  reduceSum,
  scope,
  select,
  sliceAxis,
  stopGradient,
  sub,
  type Tensor,
} from '@tether/graph';
import {
  requireReference,
  sideOf,
  type BatchViews,
  type LossResult,
  type NetworkTensors,
  type OpponentResult,
  type PenaltyContext,
} from '@tether/core';
import type { GanpoConfig } from './config.ts';
import { discriminate, everyPosition, repeatEach, type DropoutSource, type Sequences } from './discriminator.ts';
import {
  DISCRIMINATORS,
  MEANS,
  SPECTRAL,
  type DiscriminatorName,
  type MeanName,
  type SpectralLayer,
} from './networks.ts';
import { powerIteration, singularValue, type SingularVectors } from './spectralNorm.ts';

type Context = PenaltyContext<GanpoConfig>;

/** Which side of the pair a discriminator guards, and which of the reference's sides it should rank above the policy. */
const ROLES: Readonly<Record<DiscriminatorName, { side: 0 | 1; better: MeanName; worse: MeanName }>> = {
  plus: { side: 0, better: 'real_good', worse: 'real_bad' },
  minus: { side: 1, better: 'real_bad', worse: 'real_good' },
};

/** The tensors of one discriminator, without its prefix. */
const partOf = (tensors: NetworkTensors, name: DiscriminatorName): NetworkTensors =>
  Object.fromEntries(
    Object.entries(tensors).flatMap(([key, tensor]) =>
      key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), tensor]] : [],
    ),
  );

const vectorsOf = (state: NetworkTensors, layer: SpectralLayer): SingularVectors => ({
  u: state[`${layer}.weight_u`]!,
  v: state[`${layer}.weight_v`]!,
});

function sequences(views: BatchViews, latents: Tensor, side: 0 | 1, { pooling }: GanpoConfig): Sequences {
  const mask = sideOf(views.latentMask, side);
  return { latents: sideOf(latents, side), mask: pooling === 'published' ? everyPosition(mask) : mask };
}

function joined(parts: readonly Sequences[]): Sequences {
  const all = (pick: (part: Sequences) => Tensor): Tensor => concat(parts.map(pick), 0);
  return { latents: all(({ latents }) => latents), mask: all(({ mask }) => mask) };
}

/** σ of a layer in each of `forwards` training forwards, every one with its own power iteration, and the last vectors. */
function iterate(
  weight: Tensor,
  start: SingularVectors,
  forwards: number,
): { sigmas: Tensor[]; vectors: SingularVectors } {
  let vectors = start;
  const sigmas = Array.from({ length: forwards }, () => {
    vectors = powerIteration(weight, vectors);
    return singularValue(weight, vectors);
  });
  return { sigmas, vectors };
}

interface TrainingScores {
  readonly scores: Readonly<Record<MeanName, Tensor>>; // each [B]
  readonly state: NetworkTensors;
}

/** Scores of policy, reference-chosen and reference-rejected in training mode, as one batch of 3·B sequences. */
function trainingScores(context: Context, name: DiscriminatorName, dropout: DropoutSource): TrainingScores {
  const { views, config } = context;
  const reference = requireReference(views);
  const weights = partOf(context.parameters, name);
  const oldState = partOf(context.state, name);
  const state: Record<string, Tensor> = {};
  const rows = views.rowWeight.shape[0]!;
  const inverseSigma = {} as Record<SpectralLayer, Tensor>; // filled for every layer below
  for (const layer of SPECTRAL) {
    const { sigmas, vectors } = iterate(weights[`${layer}.weight`]!, vectorsOf(oldState, layer), 3);
    inverseSigma[layer] = repeatEach(
      sigmas.map((sigma) => div(1, sigma)),
      rows,
    );
    state[`${layer}.weight_u`] = vectors.u;
    state[`${layer}.weight_v`] = vectors.v;
  }
  const batch = joined([
    sequences(views, views.policy.latents, ROLES[name].side, config),
    sequences(views, reference.latents, 0, config),
    sequences(views, reference.latents, 1, config),
  ]);
  const scores = discriminate(weights, batch, { config, inverseSigma, dropout }); // [3B]
  const part = (index: number): Tensor => sliceAxis(scores, 0, index * rows, (index + 1) * rows);
  return { scores: { policy: part(0), real_good: part(1), real_bad: part(2) }, state };
}

/** Real rows of this batch: a count, as a scalar. */
const realRows = (views: BatchViews): Tensor => reduceSum(views.rowWeight);

/**
 * m ← momentum·m + (1 − momentum)·batch mean; the first batch sets m. No gradient. The mean is over this forward's own
 * rows, also where gradients accumulate over several; a forward of filler rows alone moves nothing.
 */
function updateMean({ config, state, views }: Context, old: Tensor, scores: Tensor): Tensor {
  const rows = realRows(views);
  const batchMean = stopGradient(div(reduceSum(mul(scores, views.rowWeight)), maximum(rows, 1)));
  const moved = add(mul(old, config.momentum), mul(batchMean, 1 - config.momentum));
  const next = select(equal(state['updates']!, 0), batchMean, moved);
  return select(less(0, rows), next, old);
}

/** The relativistic discriminator loss: ¼ of four cross-entropies against running means (GANPO, as released). */
function discriminatorLoss(
  views: BatchViews,
  name: DiscriminatorName,
  scores: TrainingScores['scores'],
  means: TrainingScores['scores'],
): Tensor {
  const { better, worse } = ROLES[name];
  const term = (score: MeanName, against: MeanName, target: 0 | 1): Tensor =>
    views.meanOverRows(binaryCrossEntropy(sub(scores[score], means[against]), target));
  const terms = [
    term(better, 'policy', 1),
    term('policy', better, 0),
    term('policy', worse, 1),
    term(worse, 'policy', 0),
  ];
  return mul(
    terms.reduce((sum, value) => add(sum, value)),
    0.25,
  );
}

/** Share of rows in which reference and policy are on their sides of each other's running mean. */
function accuracy(
  views: BatchViews,
  name: DiscriminatorName,
  scores: TrainingScores['scores'],
  means: TrainingScores['scores'],
): Tensor {
  const { better } = ROLES[name];
  const right = (test: Tensor): Tensor => views.meanOverRows(cast(test, 'f32'));
  const reference = right(less(means.policy, scores[better]));
  const policy = right(less(scores.policy, means[better]));
  return mul(add(reference, policy), 0.5);
}

/** Numbers for dropout masks, the same in every graph of the same run. */
function streams(seed: Tensor): DropoutSource {
  let stream = 0;
  return { seed, nextStream: () => stream++ };
}

/** Loss of both discriminators on latents without gradient, with their new running means and vectors. */
export function ganpoOpponent(context: Context): OpponentResult {
  const { key, views } = context;
  const dropout = streams(context.seed);
  const metrics: Record<string, Tensor> = {};
  const gauges: Record<string, Tensor> = {};
  const state: Record<string, Tensor> = { updates: add(context.state['updates']!, minimum(realRows(views), 1)) };
  const losses = DISCRIMINATORS.map((name) =>
    scope(name, () => {
      const { scores, state: vectors } = trainingScores(context, name, dropout);
      const means = {} as Record<MeanName, Tensor>; // filled for every mean below
      for (const mean of MEANS) {
        means[mean] = updateMean(context, context.state[`${name}.mean.${mean}`]!, scores[mean]);
        state[`${name}.mean.${mean}`] = means[mean];
        gauges[`${key}/${name}/mean/${mean}`] = means[mean];
        metrics[`${key}/${name}/score/${mean}`] = views.meanOverRows(scores[mean]);
      }
      for (const [vector, value] of Object.entries(vectors)) state[`${name}.${vector}`] = value;
      const loss = discriminatorLoss(views, name, scores, means);
      metrics[`${key}/${name}/loss`] = loss;
      metrics[`${key}/${name}/accuracy`] = accuracy(views, name, scores, means);
      return loss;
    }),
  );
  return { loss: add(losses[0]!, losses[1]!), metrics, gauges, state };
}

/** ½[BCE(D⁺(h_θ⁺) − m_ref⁺, 1) + BCE(D⁻(h_θ⁻) − m_ref⁻, 1)], discriminators frozen and in evaluation mode. */
export function ganpoPenalty(context: Context): LossResult {
  const { views, config, state } = context;
  const rows = views.rowWeight.shape[0]!;
  const losses = DISCRIMINATORS.map((name) =>
    scope(name, () => {
      const weights = partOf(context.parameters, name);
      const own = partOf(state, name);
      const inverse = (layer: SpectralLayer): Tensor =>
        repeatEach([div(1, singularValue(weights[`${layer}.weight`]!, vectorsOf(own, layer)))], rows);
      const inverseSigma = {
        project: inverse('project'),
        head_hidden: inverse('head_hidden'),
        head_score: inverse('head_score'),
      };
      const { side, better } = ROLES[name];
      const scores = discriminate(weights, sequences(views, views.policy.latents, side, config), {
        config,
        inverseSigma,
      });
      return views.meanOverRows(binaryCrossEntropy(sub(scores, own[`mean.${better}`]!), 1));
    }),
  );
  return { loss: mul(add(losses[0]!, losses[1]!), 0.5) };
}
