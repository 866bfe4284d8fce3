export { mixWord } from '@tether/graph';
export { hashText, randomInt32, randomNormal, randomUniform } from './counter.ts';
export { initialValues } from './initialize.ts';
