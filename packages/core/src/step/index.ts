export {
  batchInputs,
  batchValues,
  countBatches,
  countInputs,
  countValues,
  scalarValue,
  seedValue,
  type BatchCounts,
  type BatchInputs,
  type CountInputs,
} from './batchInputs.ts';
export { batchViews, detached, modelViews, readModel, type ComparedViews } from './buildViews.ts';
export {
  names,
  needsOf,
  needsReference,
  needsReferenceStates,
  networkSpec,
  trainableParameters,
  type ObjectiveUse,
  type ReferenceSource,
  type RegularizerUse,
  type StepDefinition,
} from './definition.ts';
export { compareViews, readModelOf } from './divergences.ts';
export { evaluationStep, latentDistance, ROW_OUTPUTS, type EvaluationStep } from './evaluationStep.ts';
export {
  gradientStep,
  policyInputs,
  READINGS,
  regularizerSeedName,
  weightName,
  type GradientStep,
} from './gradientStep.ts';
export { mismatchedBatch, mismatchedValues } from './mismatched.ts';
export { opponentScalarNames, type MicroBatchRole } from './opponents.ts';
export { permittedViews } from './permittedViews.ts';
export { combineReadings, Readings, type ReadingKind, type ReadingLayout, type ReadingVector } from './readings.ts';
export { MIXUP, movingParameters, referenceSync } from './referenceSync.ts';
export { referenceStep } from './referenceStep.ts';
export { PRECOMPUTED, referenceInputs, referenceViews } from './referenceViews.ts';
export { UPDATE_SCALARS, updateStep, type UpdateStep } from './updateStep.ts';
