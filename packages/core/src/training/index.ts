export type { BatchSource } from './batchSource.ts';
export { evaluate, type Evaluation, type RowEvaluation } from './evaluate.ts';
export { runLoop, totalSteps, type LoopHooks, type LoopOptions, type LoopResult, type StepEvent } from './loop.ts';
export { NonFiniteError } from './nonFinite.ts';
export {
  precomputeReference,
  type PlannedReferenceRow,
  type ReferenceRow,
  type ReferenceRows,
  type ReferenceStore,
} from './reference.ts';
export { referenceSource } from './referenceSource.ts';
export { trainingSchema, type TrainingSettings } from './settings.ts';
export { learningRateAt, weightsAt, type PenaltyWeight, type ScalarSource } from './stepScalars.ts';
export { Trainer, type StepResult, type TrainerOptions } from './trainer.ts';
