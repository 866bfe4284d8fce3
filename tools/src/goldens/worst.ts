export interface TensorError {
  readonly name: string;
  readonly error: number;
}

/** The largest error; one that is not a number is worse than any. */
export const worstOf = (errors: readonly TensorError[]): TensorError =>
  errors.find(({ error }) => Number.isNaN(error)) ?? errors.reduce((a, b) => (b.error > a.error ? b : a));
