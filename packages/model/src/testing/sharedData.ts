import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The real checkpoint beside the workspace, or undefined, with a printed reason, where it is not at hand. */
export function stories260K(): string | undefined {
  const folder = fileURLToPath(new URL('../../../../../shared/data/stories260K', import.meta.url));
  if (existsSync(folder)) return folder;
  console.warn(`skipped: there is no checkpoint stories260K at ${folder}`);
  return undefined;
}
