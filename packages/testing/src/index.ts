export { testBackend, type TestBackendOptions } from './backend/testBackend.ts';
export type { Skip } from './backend/skips.ts';
export {
  OPERATION_TOLERANCES,
  TOLERANCE_CLASSES,
  type TestedOperation,
  type ToleranceClass,
  type ToleranceName,
} from './backend/tolerances.ts';
export { gradcheck, type GradcheckInput, type GradcheckInputs, type GradcheckOptions } from './gradcheck.ts';
export type { Point, Points, Tensors } from './point.ts';
