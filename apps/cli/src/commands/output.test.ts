import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SHIPPED_PLUGINS } from '../composition/shippedPlugins.ts';
import { temporaryFolder, tether, TINY, writeConfig } from '../testing/command.ts';

let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  await writeConfig(folder, 'run.yaml', {
    ...TINY,
    regularizers: ['none'],
    training: { ...TINY.training, max_steps: 2 },
  });
});
afterAll(() => remove());

describe('help', () => {
  for (const command of [
    [],
    ['compare'],
    ['train'],
    ['eval'],
    ['generate'],
    ['data'],
    ['data', 'check'],
    ['data', 'show'],
    ['plugins'],
    ['plan'],
    ['export'],
    ['backends'],
    ['backends', 'install'],
    ['bench'],
    ['graph'],
  ]) {
    test(`of tether ${command.join(' ')} goes to standard output and ends with 0`, async () => {
      const { code, stdout, stderr } = await tether([...command, '--help'], folder);
      expect(code).toBe(0);
      expect(stderr).toBe('');
      expect(stdout).toContain(`Usage: tether ${command.join(' ')}`.trimEnd());
      expect(stdout).toContain('--help');
    });
  }

  test('is pointed to when a command or an argument is missing or unknown', async () => {
    for (const args of [['trian'], ['train'], ['generate', '--model', 'x', '--prompt', 'a', '--top-p', 'much']]) {
      const { code, stdout, stderr } = await tether(args, folder);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^error: .+/);
    }
  });
});

test('train, eval and generate print nothing but JSON on standard output with --json', async () => {
  const trained = await tether(['train', 'run.yaml', '--output', 'run', '--json'], folder);
  expect(trained.code, trained.stderr).toBe(0);
  expect(JSON.parse(trained.stdout)).toEqual(JSON.parse(await readFile(join(folder, 'run', 'result.json'), 'utf8')));
  expect(trained.stderr).toMatch(/step 2\/2 {2}loss \d/); // lines, not a bar: standard error is no terminal
  expect(trained.stderr).toMatch(/sampling and measuring: \d+ answers at temperature 1$/m);
  for (const control of ['\u001b', '\r']) expect(trained.stderr).not.toContain(control);

  const model = join('run', 'model');
  const [judged, generated] = await Promise.all([
    tether(['eval', 'run.yaml', '--model', model, '--output', 'judged', '--json'], folder),
    tether(
      ['generate', '--model', model, '--prompt', 'sort b a =', 'sort c a =', '--max-new-tokens', '3', '--json'],
      folder,
    ),
  ]);
  expect(judged.code, judged.stderr).toBe(0);
  const { measurements } = JSON.parse(judged.stdout) as { measurements: { metric: string }[] };
  expect(measurements.map(({ metric }) => metric)).toEqual(expect.arrayContaining(['goldReward', 'kl', 'loss']));
  expect(generated.code, generated.stderr).toBe(0);
  expect(generated.stderr).toBe('');
  expect(JSON.parse(generated.stdout)).toMatchObject([{ prompt: 'sort b a =' }, { prompt: 'sort c a =' }]);
});

test('plugins lists every shipped plugin with its options and defaults', async () => {
  const [text, json] = await Promise.all([tether(['plugins'], folder), tether(['plugins', '--json'], folder)]);
  expect([text.code, json.code]).toEqual([0, 0]);
  const listed = JSON.parse(json.stdout) as {
    kind: string;
    name: string;
    fields: { name: string; default: unknown }[];
  }[];
  const names = Object.keys(SHIPPED_PLUGINS);
  expect(listed.map(({ name }) => name)).toEqual(names);
  for (const name of names) expect(text.stdout).toContain(`  ${name}  `);
  expect(listed[0]?.fields).toContainEqual(expect.objectContaining({ name: 'beta', default: 0.1 }));
  expect(await tether(['plugins', 'no-such-plugin'], folder)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('there is no plugin "no-such-plugin"') as string,
  });
});

test('plugins shows only those that are named, and once what every regularizer takes too', async () => {
  const { code, stdout } = await tether(['plugins', 'kl', 'nll'], folder);
  expect(code).toBe(0);
  expect(stdout.match(/^\w+$/gm)).toEqual(['regularizers']);
  expect(stdout.match(/^ {2}(kl|nll|dpo|ganpo) {2}/gm)).toEqual(['  kl  ', '  nll  ']);
  expect(stdout.match(/every regularizer also takes/g)).toHaveLength(1);
  for (const field of ['weight: number = 1', 'schedule.delay: number = 0']) expect(stdout).toContain(`    ${field}`);
  expect((await tether(['plugins', 'dpo'], folder)).stdout).not.toContain('regularizer');
});

test('export names the types that it takes, the default among them', async () => {
  const { stdout } = await tether(['export', '--help'], folder);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('(choices: "f32", "bf16", "f16", default: "f32")');
});

test('graph prints the step, one operation a line, for each of its parts', async () => {
  for (const part of ['gradient', 'update', 'evaluation']) {
    const { code, stdout, stderr } = await tether(['graph', 'run.yaml', '--part', part], folder);
    expect(code, stderr).toBe(0);
    const operations = Number(/^(\d+) operations/m.exec(stderr)?.[1]);
    expect(stdout.trim().split('\n').length).toBeGreaterThanOrEqual(operations);
  }
});

test('data check reports the data of a config, and its exit code tells unusable rows', async () => {
  const { code, stdout } = await tether(['data', 'check', 'run.yaml'], folder);
  expect(code).toBe(0);
  expect(stdout).toContain('read 72 rows: 64 to train on, 8 to evaluate on, 0 dropped');
  await writeConfig(
    folder,
    'pairs.jsonl',
    '{"prompt":"a","chosen":"b","rejected":"c"}\n{"prompt":"a","rejected":"c"}\n',
  );
  const bad = await tether(['data', 'check', 'pairs.jsonl'], folder);
  expect(bad.code).toBe(1);
  expect(bad.stdout).toContain('row 2: no "chosen" column');
});

test('data check takes the file’s own names of columns, which may hold any character', async () => {
  await writeConfig(folder, 'renamed.jsonl', '{"q":"a","score=1":"b","worse":"c"}\n');
  const named = ['--column', 'prompt=q', 'chosen=score=1', 'rejected=worse'];
  const { code, stdout, stderr } = await tether(['data', 'check', 'renamed.jsonl', ...named], folder);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('read 1 row: 1 to train on');
  for (const column of ['chosen', 'chosen=', '=worse']) {
    const refused = await tether(['data', 'check', 'renamed.jsonl', '--column', column], folder);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('It has the form name=column');
  }
});

test('options that are numbers are checked before anything is done', async () => {
  for (const [option, value, message] of [
    ['--max-new-tokens', '1.5', 'not a whole number of at least 1'],
    ['--temperature', '-1', 'not a number of at least 0'],
    ['--top-p', '0', 'not a number above 0'],
    ['--seed', '', 'not a whole number of at least 0'],
  ] as const) {
    const refused = await tether(['generate', '--model', 'none', '--prompt', 'a', option, value], folder);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(message);
  }
});

test('data show writes one row of a config as the model sees it', async () => {
  const shown = await tether(['data', 'show', 'run.yaml', '--row', '70'], folder); // of the evaluation rows
  expect(shown.code, shown.stderr).toBe(0);
  expect(shown.stdout).toMatch(
    /^row 70 of synthetic pairs, heldout prompts, seed 0 \(row 6 of this file\), synthetic$/m,
  );
  expect(shown.stdout).toMatch(/^ {2}<s>\|sort\|.*=\|$/m);
  expect(shown.stdout).toMatch(/^ {2}\[.*\]\[<\/s>\]$/m);
  const { stdout } = await tether(['data', 'show', 'run.yaml', '--row', '70', '--json'], folder);
  const { parts } = JSON.parse(stdout) as { parts: { name: string; tokens: number[]; firstPosition: number }[] };
  expect(parts.map(({ name }) => name)).toEqual(['prompt', 'chosen', 'rejected']);
  expect(parts[2]!.firstPosition).toBe(parts[0]!.tokens.length);
  for (const [row, message] of [
    ['73', 'there is no row 73: the data has 72 rows'],
    ['0', 'not a whole number of at least 1'],
  ] as const) {
    const refused = await tether(['data', 'show', 'run.yaml', '--row', row], folder);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain(message);
  }
});
