import type { Executable } from './backend.ts';

/** Disposes of what was compiled. A compile that failed has told whoever asked for it, and leaves nothing to give back. */
export async function disposeOfCompiled(
  compiled: Iterable<Promise<{ readonly executable: Executable }>>,
): Promise<void> {
  for (const outcome of await Promise.allSettled(compiled)) {
    if (outcome.status === 'fulfilled') await outcome.value.executable.dispose();
  }
}
