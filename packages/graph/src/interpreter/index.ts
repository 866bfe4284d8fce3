export { evaluate, interpret, type NumbersByName } from './evaluate.ts';
export {
  checkGradients,
  type GradientCheckOptions,
  type GradientMismatch,
  type GradientPoint,
} from './gradientCheck.ts';
export { uniformNumbers } from './uniform.ts';
export { numbersOf, type Numbers, type Value } from './value.ts';
