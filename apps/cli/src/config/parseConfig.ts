import { dirname, isAbsolute, resolve } from 'node:path';
import { ConfigError, problemsOf } from './problems.ts';
import { runSchema, type RunConfig } from './runSchema.ts';

/** A parsed config and where its relative paths start. */
export interface LoadedConfig {
  readonly file: string;
  readonly baseFolder: string;
  readonly config: RunConfig;
  /** The file's contents after the command line's changes, before defaults: what a run folder keeps. */
  readonly source: Readonly<Record<string, unknown>>;
}

/** Checks a config against its schema. Throws ConfigError with every problem, except those of plugins' own options. */
export function parseConfig(
  file: string,
  source: Readonly<Record<string, unknown>>,
  baseFolder = dirname(resolve(file)),
): LoadedConfig {
  const parsed = runSchema.safeParse(source);
  if (!parsed.success) throw new ConfigError(file, problemsOf(parsed.error, { schema: runSchema }));
  return { file, baseFolder, config: resolvePaths(parsed.data, baseFolder), source };
}

function resolvePaths(config: RunConfig, baseFolder: string): RunConfig {
  const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(baseFolder, path));
  const { path, reference } = config.model;
  return {
    ...config,
    model: {
      ...config.model,
      ...(path === undefined ? {} : { path: absolute(path) }),
      ...(reference === undefined ? {} : { reference: absolute(reference) }),
    },
  };
}
