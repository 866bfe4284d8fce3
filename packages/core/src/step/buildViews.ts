import { cast, gather, less, mul, reduceSum, reshape, scope, sizeOf, stopGradient, type Tensor } from '@tether/graph';
import type {
  BatchShape,
  BatchViews,
  LanguageModel,
  ModelInputs,
  ModelViews,
  Parameters,
  SequenceLogps,
} from '../contracts/index.ts';
import { pairOf, sideOf } from '../views/index.ts';
import type { BatchInputs, CountInputs } from './batchInputs.ts';

/** Rows of hidden states [B, T, H] at flat indices [B, S, X] → [B, S, X, H]. */
function pick(hiddenStates: Tensor, indices: Tensor): Tensor {
  const [rows, length, hidden] = hiddenStates.shape as readonly [number, number, number];
  return gather(reshape(hiddenStates, [rows * length, hidden]), indices);
}

/** The states of one of the layers [B, T, H], counted from the end where negative. */
function layerOf(layers: readonly Tensor[], layer: number): Tensor {
  const states = layers.at(layer);
  if (states !== undefined) return states;
  throw new Error(`a plugin reads the hidden states of layer ${layer}, but the model has ${layers.length} layers`);
}

/** States [B, S, C, H] in one list [N, H], N = B·S·C. */
export function flatStates(states: Tensor): Tensor {
  const [rows, sides, length, hidden] = states.shape as readonly [number, number, number, number];
  return reshape(states, [rows * sides * length, hidden]);
}

/** Labels as `flatStates` has their states, [N]. */
export const flatLabels = ({ labels }: BatchInputs): Tensor => reshape(labels, [sizeOf(labels.shape)]);

/** Log-probabilities [N] of a batch's labels, back in their places. */
export function sequenceLogps(logps: Tensor, { completionMask }: BatchInputs): SequenceLogps {
  const tokens = mul(reshape(logps, completionMask.shape), completionMask);
  return { tokens, sums: reduceSum(tokens, [2]) };
}

/** Runs a model over a batch, and gives what objectives and regularizers may read of it. */
export function readModel(
  model: LanguageModel,
  parameters: Parameters,
  batch: BatchInputs,
  options: Pick<ModelInputs, 'seed'> = {},
): ModelViews {
  const layers: Tensor[] = [];
  const observe = (layer: number, states: Tensor): void => void (layers[layer] = states);
  const hiddenStates = model.hiddenStates(parameters, { ...batch, ...options, observe });
  return modelViews(model, parameters, hiddenStates, batch, layers);
}

/**
 * What objectives and regularizers may read of one model, from its hidden states [B, T, H].
 *
 * @param layers what each layer puts out, [B, T, H]
 */
export function modelViews(
  model: LanguageModel,
  parameters: Parameters,
  hiddenStates: Tensor,
  batch: BatchInputs,
  layers: readonly Tensor[] = [],
): ModelViews {
  const head = model.head(parameters);
  const predictorStates = pick(hiddenStates, batch.predictors); // [B, S, C, H]
  const logps = scope('head', () => head.logps(flatStates(predictorStates), flatLabels(batch)));
  return {
    logps: sequenceLogps(logps, batch),
    predictorStates,
    latents: pick(hiddenStates, batch.views), // [B, S, L, H]
    layerLatents: (layer) => pick(layerOf(layers, layer), batch.views),
    head,
  };
}

export const detachedLogps = ({ tokens, sums }: SequenceLogps): SequenceLogps => ({
  tokens: stopGradient(tokens),
  sums: stopGradient(sums),
});

/** The same values, through which no gradient flows. Each is read only when it is asked for. */
export function detached(views: ModelViews): ModelViews {
  return {
    get logps() {
      return detachedLogps(views.logps);
    },
    get predictorStates() {
      return stopGradient(views.predictorStates);
    },
    get latents() {
      return stopGradient(views.latents);
    },
    layerLatents: (layer) => stopGradient(views.layerLatents(layer)),
    head: views.head,
  };
}

/** Views of both models, and how far apart their next-token distributions are. */
export interface ComparedViews {
  readonly policy: ModelViews;
  readonly reference: ModelViews | undefined;
  readonly divergence: BatchViews['divergence'];
}

/** Assembles the views of a batch; see `BatchViews` for how means are taken. */
export function batchViews(
  shape: BatchShape,
  batch: BatchInputs,
  counts: CountInputs,
  { policy, reference, divergence }: ComparedViews,
): BatchViews {
  const { rows, sides } = shape;
  const tokenWeight = mul(batch.completionMask, reshape(batch.rowWeight, [rows, 1, 1])); // [B, S, C]
  const completionLengths = reduceSum(batch.completionMask, [2]);
  const present = cast(less(0, completionLengths), 'f32');
  const weight = mul(present, reshape(batch.rowWeight, [rows, 1])); // [B, S]
  return {
    sides,
    policy,
    reference,
    divergence,
    completionMask: batch.completionMask,
    completionLengths,
    present,
    latentMask: batch.viewMask,
    rowWeight: batch.rowWeight,
    meanOverRows: (x) => mean(x, batch.rowWeight, counts.perRow),
    meanOverTokens: (x) => mean(x, tokenWeight, counts.perToken),
    meanOverSideTokens: (x, side) => mean(x, sideOf(tokenWeight, side), counts.perSideToken[side]!),
    meanOverCompletions: (x) => mean(x, weight, counts.perCompletion),
    meanOverSide: (x, side) => mean(x, sideOf(weight, side), counts.perSideRow[side]!),
    meanOverPairs(x) {
      const { chosen, rejected } = pairOf({ sides }, weight);
      return mean(x, mul(chosen, rejected), counts.perPair);
    },
  };
}

/** Σ x·weight · perCount → scalar. */
const mean = (x: Tensor, weight: Tensor, perCount: Tensor): Tensor => mul(reduceSum(mul(x, weight)), perCount);
