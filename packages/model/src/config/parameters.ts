/** One trainable tensor of a model, by its Hugging Face name. Linear weights are [out, in]. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** How a new model starts: drawn from N(0, initializer_range²), all ones (norms) or all zeros (biases). */
  readonly initial: 'normal' | 'ones' | 'zeros';
}
