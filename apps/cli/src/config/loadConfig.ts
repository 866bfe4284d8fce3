import { readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { parseArms } from './arms.ts';
import { parseConfig, type LoadedConfig } from './parseConfig.ts';
import { pluginProblems } from './pluginProblems.ts';
import { ConfigError, type ConfigProblem } from './problems.ts';
import { asRecord, without } from './source.ts';

export interface ConfigChanges {
  /** `a.b=value` texts; values are YAML. */
  readonly set?: readonly string[];
  /** Replaces `model`. */
  readonly model?: string;
  /** Replaces `data.files`. */
  readonly data?: readonly string[];
}

/**
 * Reads a YAML or JSON config file. Throws ConfigError with every problem of it,
 * its arms and its plugins; with lines for syntax errors.
 */
export async function loadConfig(file: string, changes: ConfigChanges = {}): Promise<LoadedConfig> {
  const source = applyChanges(file, await readSource(file), changes);
  const problems: ConfigProblem[] = [];
  let loaded: LoadedConfig | undefined;
  try {
    loaded = parseConfig(file, source);
    parseArms(loaded);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
  }
  problems.push(...(await pluginProblems(source, dirname(resolve(file)))));
  if (loaded === undefined || problems.length > 0) throw new ConfigError(file, problems);
  return loaded;
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
  if (changes.model !== undefined) {
    result['model'] = { ...without(asRecord(result['model']), 'pretrain'), path: resolve(changes.model) };
  }
  if (changes.data !== undefined) {
    result['data'] = {
      ...without(asRecord(result['data']), 'synthetic'),
      files: changes.data.map((path) => resolve(path)),
    };
  }
  for (const text of changes.set ?? []) {
    const at = text.indexOf('=');
    if (at < 1) throw new ConfigError(file, [{ path: '--set', message: `"${text}" is not of the form path=value` }]);
    const value = parseDocument(text.slice(at + 1));
    const [error] = value.errors;
    if (error !== undefined) throw new ConfigError(file, [{ path: `--set ${text}`, message: error.message.trimEnd() }]);
    setPath(result, text.slice(0, at).split('.'), value.toJS());
  }
  return result;
}

/** Sets `target.a.b`; numbers in the path index lists. */
function setPath(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = target[head];
  if (typeof inner === 'string')
    target[head] = { name: inner }; // a plugin that was named alone gets an option
  else if (typeof inner !== 'object' || inner === null) target[head] = {};
  setPath(target[head] as Record<string, unknown>, rest, value); // an object or a list by the line above
}
