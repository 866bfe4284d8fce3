export { testBackend, type TestBackendOptions } from './backend/testBackend.ts';
export { runNumbers, uploadNumbers, wave, type Numbers } from './backend/numbers.ts';
export type { Skip } from './skips.ts';
export {
  FLUSHES_SUBNORMALS,
  OPERATION_TOLERANCES,
  TOLERANCE_CLASSES,
  type TestedOperation,
  type ToleranceClass,
  type ToleranceName,
} from './backend/tolerances.ts';
export { gradcheck, type GradcheckInput, type GradcheckInputs, type GradcheckOptions } from './gradcheck.ts';
export type { Point, Points, Tensors } from './point.ts';
export {
  evaluatePart,
  evaluateScalars,
  makeBatchViews,
  type BatchViewsOptions,
  type TestBatch,
} from './plugins/batchViews.ts';
export { SMALL, type TestRow, type TestSizes } from './plugins/rows.ts';
export { allMetrics, atReference } from './plugins/lossUnderTest.ts';
export { testObjective, type TestObjectiveOptions } from './plugins/testObjective.ts';
export { testRegularizer, type TestRegularizerOptions } from './plugins/testRegularizer.ts';
