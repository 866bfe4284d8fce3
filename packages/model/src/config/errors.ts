/** A model configuration that cannot be used. Lists every problem found, each with its path in the file. */
export class ModelConfigError extends Error {
  readonly path: string;
  readonly problems: readonly string[];

  constructor(path: string, problems: readonly string[], options?: ErrorOptions) {
    const list = problems.length === 1 ? ` ${problems[0]}` : problems.map((problem) => `\n  - ${problem}`).join('');
    super(`${path}:${list}`, options);
    this.name = 'ModelConfigError';
    this.path = path;
    this.problems = problems;
  }
}
