import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './python.ts';

/** The user's folder for things that can be made again, one folder below it for each name. */
export function cacheFolder(name: string, env: Environment = process.env): string {
  const base = env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'tether', name);
}
