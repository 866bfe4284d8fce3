/** One trainable tensor of a model, by its Hugging Face name. Linear weights are [out, in]. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** How a new model starts: drawn from N(0, initializer_range²), all ones (norms) or all zeros (biases). */
  readonly initial: 'normal' | 'ones' | 'zeros';
  /** Multiplies the standard deviation of `normal`. Default 1. */
  readonly initialScale?: number;
}

export const matrix = (name: string, ...shape: number[]): ParameterSpec => ({ name, shape, initial: 'normal' });
export const ones = (name: string, size: number): ParameterSpec => ({ name, shape: [size], initial: 'ones' });
export const zeros = (name: string, size: number): ParameterSpec => ({ name, shape: [size], initial: 'zeros' });

/** Weight [outputs, inputs] and, where it has one, bias [outputs] of a linear map. */
export const projection = (module: string, outputs: number, inputs: number, bias: boolean): ParameterSpec[] => [
  matrix(`${module}.weight`, outputs, inputs),
  ...(bias ? [zeros(`${module}.bias`, outputs)] : []),
];
