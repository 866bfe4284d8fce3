import {
  add,
  cast,
  concat,
  div,
  less,
  maximum,
  minimum,
  mul,
  reduceSum,
  reshape,
  scope,
  select,
  sliceAxis,
  stopGradient,
  sub,
  equal,
  type Tensor,
} from '@tether/graph';
import {
  latentsOf,
  sideOf,
  requireReference,
  type BatchViews,
  type LossResult,
  type NetworkTensors,
  type OpponentResult,
  type PenaltyContext,
} from '@tether/core';
import { ADVERSARIAL_LOSSES } from './adversarialLoss.ts';
import { gradientPenaltyWeight, type GanpoConfig } from './config.ts';
import { discriminate, everyPosition, positionLimit, type DropoutSource, type Sequences } from './discriminator.ts';
import { between, slopePenalty } from './gradientPenalty.ts';
import { fixedSigmas, trainingSigmas } from './normalization.ts';
import { rolesOf, type Role, type SequenceSet } from './roles.ts';

type Context = PenaltyContext<GanpoConfig>;

/** The tensors of one discriminator, without its prefix. */
const partOf = (tensors: NetworkTensors, name: string): NetworkTensors =>
  Object.fromEntries(
    Object.entries(tensors).flatMap(([key, tensor]) =>
      key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), tensor]] : [],
    ),
  );

function sequences(views: BatchViews, { model, side }: SequenceSet, config: GanpoConfig): Sequences {
  const mask = sideOf(views.latentMask, side);
  const latents = latentsOf(model === 'policy' ? views.policy : requireReference(views), config.latent_layers);
  return { latents: sideOf(latents, side), mask: config.pooling === 'published' ? everyPosition(mask) : mask };
}

function joined(parts: readonly Sequences[]): Sequences {
  const all = (pick: (part: Sequences) => Tensor): Tensor => concat(parts.map(pick), 0);
  return { latents: all(({ latents }) => latents), mask: all(({ mask }) => mask) };
}

/** Scores of sets of sequences, each [k, B] for the k kinds of sequences in the set. */
type Scores = Readonly<Record<string, Tensor>>;

/** Mean of x [k, B] over the kinds of a set → [B]. */
const overKinds = (x: Tensor): Tensor => mul(reduceSum(x, [0]), 1 / x.shape[0]!);

interface TrainingForward {
  readonly scores: Scores;
  /** New power-iteration vectors. */
  readonly vectors: NetworkTensors;
}

/** Scores of all sets in training mode, as one batch; every set is a forward with a power iteration of its own. */
function trainingForward(context: Context, name: string, role: Role, dropout: DropoutSource): TrainingForward {
  const { views, config } = context;
  const weights = partOf(context.parameters, name);
  const rows = views.rowWeight.shape[0]!;
  const sets = Object.entries(role.sets);
  const sizes = sets.map(([, kinds]) => kinds.length * rows);
  const normalization = config.spectral_norm
    ? trainingSigmas(weights, partOf(context.state, name), sizes)
    : { inverseSigma: undefined, vectors: {} };
  const batch = joined(sets.flatMap(([, kinds]) => kinds.map((kind) => sequences(views, kind, config))));
  const all = discriminate(weights, batch, { config, inverseSigma: normalization.inverseSigma, dropout });
  const stacked = reshape(all, [all.shape[0]! / rows, rows]); // [all kinds, B]
  let start = 0;
  const scores = Object.fromEntries(
    sets.map(([set, kinds]) => {
      const from = start;
      start += kinds.length;
      return [set, sliceAxis(stacked, 0, from, start)];
    }),
  );
  return { scores, vectors: normalization.vectors };
}

/** Real rows of this batch: a count, as a scalar. */
const realRows = (views: BatchViews): Tensor => reduceSum(views.rowWeight);

/**
 * m ← momentum·m + (1 − momentum)·batch mean; the first batch sets m. No gradient. The mean is over this forward's own
 * rows, also where gradients accumulate over several; a forward of filler rows alone moves nothing.
 */
function updateMean({ config, state, views }: Context, old: Tensor, scores: Tensor): Tensor {
  const rows = realRows(views);
  const batchMean = stopGradient(div(reduceSum(mul(overKinds(scores), views.rowWeight)), maximum(rows, 1)));
  const moved = add(mul(old, config.momentum), mul(batchMean, 1 - config.momentum));
  const next = select(equal(state['updates']!, 0), batchMean, moved);
  return select(less(0, rows), next, old);
}

/** The mean of the role's terms: relativistic losses against running means (GANPO, as released: ¼ of four). */
function discriminatorLoss({ views, config }: Context, role: Role, scores: Scores, means: Scores): Tensor {
  const loss = ADVERSARIAL_LOSSES[config.loss];
  const terms = role.terms
    .filter(({ ranks }) => loss.ranks || !ranks)
    .map(({ score, against, target }) =>
      views.meanOverRows(overKinds(loss.of(sub(scores[score]!, means[against]!), target))),
    );
  return mul(
    terms.reduce((sum, value) => add(sum, value)),
    1 / terms.length,
  );
}

/** Share of rows in which reference and policy are on their sides of each other's running mean. */
function accuracy(views: BatchViews, { real }: Role, scores: Scores, means: Scores): Tensor {
  const right = (test: Tensor): Tensor => views.meanOverRows(overKinds(cast(test, 'f32')));
  const reference = right(less(means['policy']!, scores[real]!));
  const policy = right(less(scores['policy']!, means[real]!));
  return mul(add(reference, policy), 0.5);
}

/** Scores [k·B] without dropout and power iterations, as in evaluation. */
function fixedScores({ config }: Context, weights: NetworkTensors, vectors: NetworkTensors, batch: Sequences): Tensor {
  const count = batch.mask.shape[0]!;
  const inverseSigma = config.spectral_norm ? fixedSigmas(weights, vectors, count) : undefined;
  return discriminate(weights, batch, { config, inverseSigma });
}

/** The mean (‖∇D‖ − 1)² between the policy's states and those that the discriminator takes for real. */
function meanSlopePenalty(
  context: Context,
  name: string,
  role: Role,
  vectors: NetworkTensors,
  { seed, nextStream }: DropoutSource,
): Tensor {
  const { views, config } = context;
  const weights = partOf(context.parameters, name);
  const read = (set: string): Sequences => joined(role.sets[set]!.map((kind) => sequences(views, kind, config)));
  const [real, policy] = [read(role.real), read('policy')]; // of the same sides: their masks are the same
  const latents = between(real.latents, policy.latents, seed, nextStream());
  const excess = slopePenalty(
    (at) => fixedScores(context, weights, vectors, { latents: at, mask: policy.mask }),
    latents,
  ); // [k·B]
  const rows = views.rowWeight.shape[0]!;
  return views.meanOverRows(overKinds(reshape(excess, [excess.shape[0]! / rows, rows])));
}

/** Numbers for dropout masks, the same in every graph of the same run. */
function streams(seed: Tensor): DropoutSource {
  let stream = 0;
  return { seed, nextStream: () => stream++ };
}

/** Loss of all discriminators on latents without gradient, with their new running means and vectors. */
export function ganpoOpponent(context: Context): OpponentResult {
  const { key, views, config } = context;
  const dropout = streams(context.seed);
  const penaltyWeight = gradientPenaltyWeight(config);
  const metrics: Record<string, Tensor> = {};
  const gauges: Record<string, Tensor> = {};
  const state: Record<string, Tensor> = { updates: add(context.state['updates']!, minimum(realRows(views), 1)) };
  const losses = rolesOf(config).map(([name, role]) =>
    scope(name, () => {
      const { scores, vectors } = trainingForward(context, name, role, dropout);
      const means: Record<string, Tensor> = {};
      for (const [mean, values] of Object.entries(scores)) {
        const next = updateMean(context, context.state[`${name}.mean.${mean}`]!, values);
        means[mean] = next;
        state[`${name}.mean.${mean}`] = next;
        gauges[`${key}/${name}/mean/${mean}`] = next;
        metrics[`${key}/${name}/score/${mean}`] = views.meanOverRows(overKinds(values));
      }
      for (const [vector, value] of Object.entries(vectors)) state[`${name}.${vector}`] = value;
      const loss = discriminatorLoss(context, role, scores, means);
      metrics[`${key}/${name}/loss`] = loss;
      metrics[`${key}/${name}/accuracy`] = accuracy(views, role, scores, means);
      if (penaltyWeight === 0) return loss;
      const slope = meanSlopePenalty(context, name, role, vectors, dropout);
      metrics[`${key}/${name}/gradient_penalty`] = slope;
      return add(loss, mul(slope, penaltyWeight));
    }),
  );
  return { loss: losses.reduce((sum, loss) => add(sum, loss)), metrics, gauges, state };
}

/**
 * What the policy pays for states that are not taken for the reference's, discriminators frozen and in evaluation mode:
 * ½[BCE(D⁺(h_θ⁺) − m_ref⁺, 1) + BCE(D⁻(h_θ⁻) − m_ref⁻, 1)] as published.
 */
export function ganpoPenalty(context: Context): LossResult {
  const { views, config, state } = context;
  const rows = views.rowWeight.shape[0]!;
  const losses = rolesOf(config).map(([name, role]) =>
    scope(name, () => {
      const own = partOf(state, name);
      const batch = joined(role.sets['policy']!.map((kind) => sequences(views, kind, config)));
      const scores = fixedScores(context, partOf(context.parameters, name), own, batch);
      const relative = sub(reshape(scores, [scores.shape[0]! / rows, rows]), own[`mean.${role.real}`]!);
      return views.meanOverRows(overKinds(ADVERSARIAL_LOSSES[config.loss].of(relative, 1)));
    }),
  );
  return {
    loss: mul(
      losses.reduce((sum, loss) => add(sum, loss)),
      1 / losses.length,
    ),
    metrics: cutTokens(context),
  };
}

/** Tokens of real rows that no discriminator sees: told where there are positions beyond the learned ones, only there. */
function cutTokens({ key, views: { latentMask, rowWeight }, config }: Context): Record<string, Tensor> {
  const [length, limit] = [latentMask.shape[2]!, positionLimit(config)];
  if (length <= limit) return {};
  const perRow = reduceSum(sliceAxis(latentMask, 2, limit, length), [1, 2]); // [B]
  return { [`${key}/tokens_cut`]: reduceSum(mul(perRow, rowWeight)) };
}
