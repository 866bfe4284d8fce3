import { resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { ConfigError } from './problems.ts';
import { runSchema } from './runSchema.ts';
import { asRecord, without, type Source } from './source.ts';

/** What the command line changes in a config. */
export interface ConfigChanges {
  /** `a.b=value` texts; values are YAML. */
  readonly set?: readonly string[];
  /** Replaces `model`. */
  readonly model?: string;
  /** Replaces `data.files`. */
  readonly data?: readonly string[];
}

/** A config with the command line's changes. Throws ConfigError naming the change that cannot be made. */
export function applyChanges(file: string, source: Source, changes: ConfigChanges): Record<string, unknown> {
  const result = structuredClone(source) as Record<string, unknown>; // a copy: nobody else's
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
    const problem = applySet(result, text);
    if (problem !== undefined) throw new ConfigError(file, [problem]);
  }
  return result;
}

/** Makes one change of `--set` in place, or tells why it cannot be made. */
function applySet(result: Record<string, unknown>, text: string): { path: string; message: string } | undefined {
  const at = text.indexOf('=');
  if (at < 1) return { path: '--set', message: `"${text}" is not of the form path=value` };
  const value = parseDocument(text.slice(at + 1));
  const message = value.errors[0]?.message.trimEnd() ?? setPath(result, text.slice(0, at).split('.'), value.toJS());
  return message === undefined ? undefined : { path: `--set ${text}`, message };
}

const isIndex = (key: string): boolean => /^\d+$/.test(key);

/** The plugin that is meant where a config does not name one: an option given to it goes with its name. */
const DEFAULTS: Readonly<Record<string, string>> = {
  objective: runSchema.shape.objective.parse(undefined).name,
  backend: runSchema.shape.backend.parse(undefined).name,
};

/**
 * Sets `target.a.b`; numbers in the path index lists.
 *
 * @returns what is wrong with the path
 */
function setPath(target: Record<string, unknown>, path: readonly string[], value: unknown): string | undefined {
  let at = target;
  for (const [index, key] of path.entries()) {
    const problem = Array.isArray(at) ? problemOfIndex(key, at.length, path.slice(0, index).join('.')) : undefined;
    if (problem !== undefined) return problem;
    const next = path[index + 1];
    at[key] = next === undefined ? value : sectionFrom(at[key] ?? (index === 0 ? DEFAULTS[key] : undefined), next);
    at = at[key] as Record<string, unknown>; // an object or a list, until the path ends
  }
  return undefined;
}

/** What a path goes on in: a plugin that was named alone gets options, and what is not there begins empty. */
function sectionFrom(inner: unknown, next: string): object {
  if (typeof inner === 'string') return { name: inner };
  if (typeof inner === 'object' && inner !== null) return inner;
  return isIndex(next) ? [] : {};
}

function problemOfIndex(key: string, length: number, list: string): string | undefined {
  if (isIndex(key) && Number(key) <= length) return undefined; // the one behind the last is added
  const items = length === 0 ? 'without items' : length === 1 ? 'with the item 0' : `with the items 0 to ${length - 1}`;
  return `${list} is a list ${items}: there is no "${key}" in it (${list}.${length} would add an item)`;
}
