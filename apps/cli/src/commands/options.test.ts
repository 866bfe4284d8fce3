import { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { temporaryFolder } from '../testing/command.ts';
import { namedData } from './dataOptions.ts';
import { readConfig, withConfigOptions } from './options.ts';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

async function configFile(config: unknown): Promise<string> {
  const file = join(folder, 'run.yaml');
  await writeFile(file, stringify(config));
  return file;
}

const reason = (promise: Promise<unknown>): Promise<string> => promise.then(String, String);

describe('a config without model and data', () => {
  test('is told the options that stand in for them', async () => {
    for (const config of [{ name: 'bare' }, { model: {}, data: {} }]) {
      const said = await reason(readConfig(await configFile(config), {}));
      expect(said).toMatch(/^ {2}model(\.path)?: .+ \(or --model FOLDER\)$/m);
      expect(said).toMatch(/^ {2}data(\.files)?: .+ \(or --data FILE\)$/m);
    }
  });

  test('is told what the commands on data take: they have no --data', async () => {
    const file = await configFile({ model: {}, data: {} });
    const said = await reason(namedData([file], {}));
    expect(said).toContain('(or --model FOLDER)');
    expect(said).toContain('(or name data files in place of the config)');
    expect(said).not.toContain('--data');
    const other = await namedData([await configFile({ model: {}, data: { files: ['a.jsonl'] } })], { model: folder });
    expect(other.model).toBe(folder);
  });

  test('is told nothing more where something else is wrong', async () => {
    const config = { model: { path: 'm' }, data: { files: ['a'] }, training: { max_steps: -1 } };
    expect(await reason(readConfig(await configFile(config), {}))).not.toContain('(or ');
  });
});

describe('a config file that is missing', () => {
  function errorOf(...args: string[]): string {
    let said = '';
    const program = new Command('train').exitOverride().configureOutput({ writeErr: (text) => (said += text) });
    withConfigOptions(program).action(() => undefined);
    expect(() => program.parse(args, { from: 'user' })).toThrow("missing required argument 'file'");
    return said;
  }

  test('behind an option of several values is told to stand before it', () => {
    for (const option of ['--set', '--data']) {
      expect(errorOf(option, 'a=1', 'run.yaml')).toContain(`put the file first: npx tether train FILE ${option} …`);
    }
  });

  test('is told to be missing, and no more, where no such option took it', () => {
    expect(errorOf('--model', 'm')).toBe("error: missing required argument 'file'\n");
  });
});
