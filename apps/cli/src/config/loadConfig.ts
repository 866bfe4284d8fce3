import { readFile } from 'node:fs/promises';
import { dirname, extname, isAbsolute, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError, nearest, problemsOf, type ConfigProblem } from './problems.ts';
import { runSchema, type RunConfig } from './runSchema.ts';

/** A parsed config and where its relative paths start. */
export interface LoadedConfig {
  readonly file: string;
  readonly baseFolder: string;
  readonly config: RunConfig;
  /** The file's contents after the command line's changes, before defaults: what a run folder keeps. */
  readonly source: Readonly<Record<string, unknown>>;
}

export interface ConfigChanges {
  /** `a.b=value` texts; values are YAML. */
  readonly set?: readonly string[];
  /** Replaces `model`. */
  readonly model?: string;
  /** Replaces `data.files`. */
  readonly data?: readonly string[];
}

/** Reads a YAML or JSON config file. Throws ConfigError with every problem, with lines for syntax errors. */
export async function loadConfig(file: string, changes: ConfigChanges = {}): Promise<LoadedConfig> {
  const source = applyChanges(file, await readSource(file), changes);
  return parseConfig(file, source);
}

export function parseConfig(
  file: string,
  source: Readonly<Record<string, unknown>>,
  baseFolder = dirname(resolve(file)),
): LoadedConfig {
  const parsed = runSchema.safeParse(source);
  if (!parsed.success)
    throw new ConfigError(
      file,
      problemsOf(parsed.error).map((problem) => withSuggestion(problem)),
    );
  return { file, baseFolder, config: resolvePaths(parsed.data, baseFolder), source };
}

async function readSource(file: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new ConfigError(file, [{ path: '', message: reason }]);
  }
  if (text.trim() === '') throw new ConfigError(file, [{ path: '', message: 'the file is empty' }]);
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) {
    const kind = extname(file) === '.json' ? 'JSON' : 'YAML';
    throw new ConfigError(
      file,
      document.errors.map(({ message }) => ({ path: '', message: `bad ${kind}: ${message.trimEnd()}` })),
    );
  }
  const value: unknown = document.toJS();
  const record = z.record(z.string(), z.unknown()).safeParse(value);
  if (!record.success)
    throw new ConfigError(file, [{ path: '', message: 'must hold options, such as "model:" and "data:"' }]);
  return record.data;
}

function applyChanges(file: string, source: Record<string, unknown>, changes: ConfigChanges): Record<string, unknown> {
  const result = structuredClone(source);
  // Paths of the command line start where the command runs, those of the file where the file is.
  if (changes.model !== undefined) result['model'] = { ...asRecord(result['model']), path: resolve(changes.model) };
  if (changes.data !== undefined) {
    result['data'] = { ...asRecord(result['data']), files: changes.data.map((path) => resolve(path)) };
  }
  for (const text of changes.set ?? []) {
    const at = text.indexOf('=');
    if (at < 1) throw new ConfigError(file, [{ path: '--set', message: `"${text}" is not of the form path=value` }]);
    setPath(result, text.slice(0, at).split('.'), parseDocument(text.slice(at + 1)).toJS());
  }
  return result;
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** Sets `target.a.b`; numbers in the path index lists. */
function setPath(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = target[head];
  if (typeof inner !== 'object' || inner === null) target[head] = {};
  setPath(target[head] as Record<string, unknown>, rest, value); // an object or a list by the line above
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

const TOP_LEVEL = Object.keys(runSchema.shape);
const TRAINING = Object.keys(runSchema.shape.training.unwrap().shape);

/** Adds "did you mean" to unknown options. */
function withSuggestion(problem: ConfigProblem): ConfigProblem {
  if (problem.message !== 'there is no such option') return problem;
  const name = problem.path.split('.').at(-1)!;
  const suggestion = nearest(name, [
    ...TOP_LEVEL,
    ...TRAINING,
    ...Object.keys(runSchema.shape.evaluation.unwrap().shape),
  ]);
  return suggestion === undefined
    ? problem
    : { ...problem, message: `${problem.message}; did you mean "${suggestion}"?` };
}
