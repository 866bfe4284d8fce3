import { gather, input, reduceSum, reshape, scope, type Tensor } from '@tether/graph';
import type { BatchShape, LanguageModel, ModelViews, Parameters, ParameterSpec } from '../contracts/index.ts';
import type { BatchInputs } from './batchInputs.ts';
import { detached, readModel } from './buildViews.ts';
import { names, type ReferenceSource } from './definition.ts';

/**
 * Inputs for the reference's parameters; those that the policy holds frozen are shared with it.
 *
 * @param policy the policy's inputs, where they are in the same graph: an input's name stands for one tensor
 * @param slot   the name that a parameter has among the run's tensors
 */
export function referenceInputs(
  model: LanguageModel,
  policy: Parameters = {},
  slot: (parameter: string) => string = names.reference,
): Parameters {
  const frozen = new Set(model.parameters.filter(({ trainable }) => !trainable).map(({ name }) => name));
  const make = ({ name, shape }: ParameterSpec): Tensor =>
    frozen.has(name) ? (policy[name] ?? input(names.policy(name), 'f32', shape)) : input(slot(name), 'f32', shape);
  return Object.fromEntries(model.referenceParameters.map((spec) => [spec.name, make(spec)]));
}

/** Names of precomputed values of a batch, beside the arrays of the batch. */
export const PRECOMPUTED = { hiddenStates: 'precomputed/hiddenStates', logps: 'precomputed/logps' } as const;

function precomputedViews(
  model: LanguageModel,
  parameters: Parameters,
  shape: BatchShape,
  batch: BatchInputs,
): ModelViews {
  const { rows, rowLength, sides, completionLength } = shape;
  const hiddenStates = input(PRECOMPUTED.hiddenStates, 'f32', [rows, rowLength, model.hiddenSize]);
  const flat = reshape(hiddenStates, [rows * rowLength, model.hiddenSize]);
  const tokens = input(PRECOMPUTED.logps, 'f32', [rows, sides, completionLength]);
  return {
    logps: { tokens, sums: reduceSum(tokens, [2]) },
    predictorStates: gather(flat, batch.predictors),
    latents: gather(flat, batch.views),
    layerLatents(layer) {
      throw new Error(
        `a plugin reads the hidden states of layer ${layer}, but a precomputed reference kept only the last layer's: set training.precompute_ref_log_probs to false`,
      );
    },
    head: model.head(parameters),
  };
}

/**
 * The reference's views of a batch, without gradient; undefined where nobody needs them.
 *
 * @param parameters the reference's, from `referenceInputs`
 */
export function referenceViews(
  model: LanguageModel,
  source: ReferenceSource,
  shape: BatchShape,
  batch: BatchInputs,
  parameters: Parameters,
): ModelViews | undefined {
  if (source === 'none') return undefined;
  return scope('reference', () =>
    source === 'precomputed'
      ? precomputedViews(model, parameters, shape, batch)
      : detached(readModel(model, parameters, batch)),
  );
}
