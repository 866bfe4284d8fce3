export { evaluate, interpret, type NumbersByName } from './evaluate.ts';
export { numbersOf, type Numbers, type Value } from './value.ts';
