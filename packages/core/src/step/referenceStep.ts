import { traceGraph, type Graph } from '@tether/graph';
import type { BatchShape } from '../contracts/index.ts';
import { batchInputs } from './batchInputs.ts';
import { modelViews } from './buildViews.ts';
import type { StepDefinition } from './definition.ts';
import { PRECOMPUTED, referenceInputs } from './referenceViews.ts';

/** The reference's values of a batch, computed once to be kept: hidden states only where a plugin needs them. */
export function referenceStep(definition: StepDefinition, shape: BatchShape, withStates: boolean): Graph {
  const { model } = definition;
  const batch = batchInputs(shape);
  const parameters = referenceInputs(model);
  const hiddenStates = model.hiddenStates(parameters, batch);
  const views = modelViews(model, parameters, hiddenStates, batch);
  return traceGraph({
    [PRECOMPUTED.logps]: views.logps.tokens,
    ...(withStates ? { [PRECOMPUTED.hiddenStates]: hiddenStates } : {}),
  });
}
