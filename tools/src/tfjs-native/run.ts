import { spawnSync } from 'node:child_process';

/** What keeps the binding from being built, in words for who asked for it. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

/**
 * Runs a program to its end and gives what it printed.
 *
 * @throws BuildError with `hint` where there is no such program, or with its last lines where it fails
 */
export function run(program: string, parameters: readonly string[], hint: string, folder?: string): string {
  const options = { encoding: 'utf8', maxBuffer: 2 ** 26, ...(folder !== undefined && { cwd: folder }) } as const;
  const { status, stdout, stderr, error } = spawnSync(program, parameters, options);
  if (error !== undefined) throw new BuildError(`${program} cannot be started (${error.message}): ${hint}`);
  if (status === 0) return stdout;
  const lines = `${stdout}\n${stderr}`.trim().split('\n').slice(-8).join('\n  ');
  throw new BuildError(`${program} ${parameters.slice(0, 3).join(' ')} … failed: ${hint}\n  ${lines}`);
}
