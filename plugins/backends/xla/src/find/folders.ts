import { homedir } from 'node:os';
import { join } from 'node:path';

export type Environment = Readonly<Partial<Record<string, string>>>;

/** The user's folder for things that can be made again. */
function cacheRoot(env: Environment): string {
  const base = env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'tether', 'xla');
}

/** Where `installXla` puts what it fetched, one folder per target. */
export const installFolder = (env: Environment = process.env): string => join(cacheRoot(env), 'install');

/** Where compiled programs are kept. */
export const programFolder = (env: Environment = process.env): string => join(cacheRoot(env), 'programs');

/** Where it is written down which libraries were tried and work. */
export const probeFolder = (env: Environment = process.env): string => join(cacheRoot(env), 'probes');
