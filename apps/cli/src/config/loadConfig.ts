import { readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { parseArms } from './arms.ts';
import { applyChanges, type ConfigChanges } from './changes.ts';
import { parseConfig, type LoadedConfig } from './parseConfig.ts';
import { pluginProblems } from './pluginProblems.ts';
import { ConfigError, type ConfigProblem } from './problems.ts';

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
