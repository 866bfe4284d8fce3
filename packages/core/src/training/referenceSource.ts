import { movingParameters, needsOf, needsReference, type StepDefinition } from '../step/index.ts';

/** Where a run's reference comes from, given what its plugins need and the settings. */
export function referenceSource(
  definition: Pick<StepDefinition, 'objective' | 'regularizers'>,
  precompute: boolean,
  moves = false,
): StepDefinition['reference'] {
  if (!needsReference(needsOf(definition))) {
    if (moves) throw new Error('sync_ref_model: no plugin of this run looks at the reference');
    return 'none';
  }
  if (moves) return 'moving';
  return precompute ? 'precomputed' : 'inline';
}

/** A moving reference has to have something to move. */
export function checkReference({ model, reference }: StepDefinition): void {
  if (reference !== 'moving' || movingParameters(model).length > 0) return;
  throw new Error(
    'sync_ref_model: the reference has none of the trained parameters (it is the model without its adapter), so it cannot follow the policy',
  );
}
