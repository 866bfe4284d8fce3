/** A tokenizer or chat template that cannot be used; the message names the file. */
export class TokenizerError extends Error {
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path}: ${problem}`, options);
    this.name = 'TokenizerError';
  }
}
