import { join } from 'node:path';
import { cacheFolder, type Environment } from '@tether/wheels';

const cacheRoot = (env: Environment): string => cacheFolder('xla', env);

/** Where `installXla` puts what it fetched, one folder per target. */
export const installFolder = (env: Environment = process.env): string => join(cacheRoot(env), 'install');

/** Where compiled programs are kept. */
export const programFolder = (env: Environment = process.env): string => join(cacheRoot(env), 'programs');

/** Where it is written down which libraries were tried and work. */
export const probeFolder = (env: Environment = process.env): string => join(cacheRoot(env), 'probes');
