import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { temporaryFolder, tether, TINY, writeConfig } from '../testing/command.ts';

/** Set to a file's path, this test appends what each bad input prints to it. */
const TRANSCRIPT = process.env['TETHER_BAD_INPUT_TRANSCRIPT'];

let folder: string;
let remove: () => Promise<void>;

const row = (prompt: string, chosen?: string): string =>
  JSON.stringify({ prompt, rejected: ' p', ...(chosen === undefined ? {} : { chosen }) });
/** A prompt of 80 tokens. */
const LONG = 'a b '.repeat(40);
const RUN = { ...TINY, model: { path: 'model' }, regularizers: ['none'] };
const onData = (file: string, extra: object = {}): object => ({ ...RUN, data: { files: [file], ...extra } });

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  await writeConfig(folder, 'pretrain.yaml', { ...TINY, regularizers: [], training: { max_steps: 1 } });
  const made = await tether(['train', 'pretrain.yaml', '--output', 'made', '--quiet'], folder);
  expect(made.code, made.stderr).toBe(0);
  const model = join(folder, 'made', 'model');
  await cp(model, join(folder, 'model'), { recursive: true });
  await cp(model, join(folder, 'cut'), { recursive: true });
  await truncate(join(folder, 'cut', 'model.safetensors'), 3000);
  await cp(model, join(folder, 'otherTokenizer'), { recursive: true });
  const configPath = join(folder, 'otherTokenizer', 'config.json');
  const config = JSON.parse(await readFile(configPath, 'utf8')) as Record<string, unknown>;
  await writeFile(configPath, JSON.stringify({ ...config, vocab_size: 5 }));
  await writeFile(join(folder, 'good.jsonl'), [row('a b', ' c'), row('c d', ' c'), row('b a', ' c')].join('\n'));
  await writeFile(join(folder, 'empty.jsonl'), '');
  await writeFile(join(folder, 'cut.jsonl'), `${row('a b', ' c')}\n${row('c d', ' c').slice(0, 25)}`);
  await writeFile(join(folder, 'noChosen.jsonl'), [row('a b', ' c'), row('c d'), row('d c')].join('\n'));
  await writeFile(join(folder, 'long.jsonl'), [row(LONG, ' c'), row(`d ${LONG}`, ' c')].join('\n'));
  await mkdir(join(folder, 'taken'));
  await writeFile(join(folder, 'taken', 'notes.txt'), 'precious');
}, 120_000);
afterAll(() => remove());

interface BadInput {
  readonly config: unknown;
  readonly args?: readonly string[];
  readonly code: 1 | 2;
  readonly says: readonly (string | RegExp)[];
}

const BAD_INPUTS: Readonly<Record<string, BadInput>> = {
  'an unknown plugin': {
    config: { ...RUN, regularizers: ['ganpoo'] },
    code: 2,
    says: ['regularizers.0: there is no regularizer "ganpoo"', 'did you mean "ganpo"?'],
  },
  'a plugin of the wrong kind': {
    config: { ...RUN, objective: 'kl' },
    code: 2,
    says: ['objective: "kl" is a regularizer, and an objective is needed here'],
  },
  'an unknown backend': {
    config: { ...RUN, backend: 'cuda' },
    code: 2,
    says: ['backend: there is no backend "cuda"', 'shipped: reference, onnxruntime', 'npx tether backends'],
  },
  'misspelt options, all at once': {
    config: {
      ...RUN,
      regularizers: [{ name: 'kl', wieght: 1 }],
      objective: { name: 'dpo', betta: 1 },
      training: { learning_rat: 1, max_steps: -1 },
      learning_rate: 3,
    },
    code: 2,
    says: [
      '5 problems',
      'regularizers.0.wieght: there is no such option; did you mean "weight"?',
      'objective.betta: there is no such option; did you mean "beta"?',
      'training.learning_rat: there is no such option; did you mean "learning_rate"?',
      'training.max_steps: ',
      ' learning_rate: there is no such option; did you mean "training.learning_rate"?',
    ],
  },
  'a bad YAML': {
    config: 'model:\n  path: [model\ndata: 3\n',
    code: 2,
    says: ['config.yaml', /bad YAML: .*line [23]/],
  },
  'an empty config': { config: '', code: 2, says: ['config.yaml: one problem', 'the file is empty'] },
  'an empty data file': { config: onData('empty.jsonl'), code: 1, says: ['empty.jsonl'] },
  'a truncated JSONL': { config: onData('cut.jsonl'), code: 1, says: ['cut.jsonl', /(line|row) 2/] },
  'rows without chosen': { config: onData('noChosen.jsonl'), code: 1, says: ['noChosen.jsonl', /\b2\b/, 'chosen'] },
  'prompts longer than the limit, all of them': {
    config: onData('long.jsonl', { max_length: 32, max_prompt_length: 16 }),
    code: 1,
    says: ['long.jsonl'],
  },
  'a missing data file': { config: onData('none.jsonl'), code: 1, says: ['none.jsonl'] },
  'a missing model folder': { config: { ...RUN, model: { path: 'nowhere' } }, code: 1, says: ['nowhere'] },
  'a truncated safetensors file': {
    config: { ...RUN, model: { path: 'cut' } },
    code: 1,
    says: ['model.safetensors', /tensor "model\.[^"]+"/, 'truncated'],
  },
  'a tokenizer that does not fit the model': {
    config: { ...RUN, model: { path: 'otherTokenizer' } },
    code: 1,
    says: ['otherTokenizer', 'vocab_size', '5'],
  },
  'an output folder that exists': {
    config: RUN,
    args: ['--output', 'taken'],
    code: 1,
    says: ['taken exists and is not an empty folder', '--resume taken'],
  },
  'an output path that is a file': {
    config: RUN,
    args: ['--output', 'good.jsonl'],
    code: 1,
    says: ['good.jsonl exists'],
  },
  'a folder to resume that holds no run': {
    config: RUN,
    args: ['--resume', 'taken'],
    code: 1,
    says: ['taken holds no run to continue'],
  },
  'a change that is no change': {
    config: RUN,
    args: ['--set', 'training'],
    code: 2,
    says: ['--set: "training" is not'],
  },
  'an unknown option of the command': {
    config: RUN,
    args: ['--ouput', 'x'],
    code: 2,
    says: ["unknown option '--ouput'"],
  },
  'a loss that is not finite': {
    config: { ...RUN, training: { ...TINY.training, learning_rate: 1e30 } },
    code: 1,
    says: [/step \d: the loss or its gradient is not finite; first seen in .+; rows of the batch: [\d, ]+/],
  },
};

async function transcribe(name: string, code: number | null, stderr: string): Promise<void> {
  if (TRANSCRIPT === undefined) return;
  await writeFile(TRANSCRIPT, `## ${name} (exit code ${code})\n${stderr.trimEnd()}\n\n`, { flag: 'a' });
}

describe('bad input gives one clear message, a non-zero exit code, and overwrites nothing', () => {
  for (const [index, [name, { config, args, code, says }]] of Object.entries(BAD_INPUTS).entries()) {
    test(name, async () => {
      const own = `case-${index}`;
      await writeConfig(folder, `${own}.config.yaml`, config);
      const before = await readdir(folder);
      const result = await tether(['train', `${own}.config.yaml`, ...(args ?? ['--output', own]), '--quiet'], folder);
      await transcribe(name, result.code, result.stderr);
      expect(result.code, result.stderr).toBe(code);
      for (const text of says) expect(result.stderr).toMatch(text);
      expect(result.stderr).not.toMatch(/^\s+at .+:\d+:\d+/m); // no stack trace
      expect(result.stdout).toBe('');
      expect(await readFile(join(folder, 'taken', 'notes.txt'), 'utf8')).toBe('precious');
      expect(await readdir(join(folder, 'taken'))).toEqual(['notes.txt']);
      const made = (await readdir(folder)).filter((entry) => !before.includes(entry));
      expect(made.filter((entry) => entry !== own)).toEqual([]);
    });
  }
});

test('an engine that cannot be had is told before data is read, and leaves no folder', async () => {
  const lacking = process.platform === 'win32' ? 'coreml' : 'dml';
  const backend = { name: 'onnxruntime', providers: [lacking] };
  await writeConfig(folder, 'lacking.yaml', { ...RUN, backend, data: { files: ['noChosen.jsonl'] } });
  for (const command of ['train', 'eval']) {
    const { code, stderr } = await tether([command, 'lacking.yaml', '--output', 'lacking'], folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error backend onnxruntime: [^]*not supported in this build/);
    expect(existsSync(join(folder, 'lacking'))).toBe(false);
  }
});

test('a prompt longer than the limit is told by its row number, and the others are used', async () => {
  await writeFile(join(folder, 'mixed.jsonl'), [row('a b', ' c'), row(LONG, ' c'), row('b a', ' d')].join('\n'));
  const { code, stdout, stderr } = await tether(
    ['data', 'check', 'mixed.jsonl', '--model', 'model', '--max-length', '32', '--json'],
    folder,
  );
  expect(code, stderr).toBe(0);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({ counts: { 'long-prompt': 1 } });
});

const mayMount = process.platform === 'linux' && process.getuid?.() === 0;

test('a full disk is told, and what was there stays', async ({ skip }) => {
  if (!mayMount) skip('mounting a small file system needs root on Linux');
  const disk = join(folder, 'disk');
  await mkdir(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
  try {
    await writeFile(join(disk, 'notes.txt'), 'precious');
    await writeFile(join(folder, 'full.yaml'), stringify(RUN));
    const { code, stderr } = await tether(['train', 'full.yaml', '--output', 'disk/run', '--quiet'], folder);
    await transcribe('a full disk', code, stderr);
    expect(code).toBe(1);
    expect(stderr).toMatch(/(disk is full|no space left)/i);
    expect(stderr).toContain(disk);
    expect(stderr).not.toMatch(/^\s+at .+:\d+:\d+/m);
    expect(await readFile(join(disk, 'notes.txt'), 'utf8')).toBe('precious');
    expect((await readdir(disk, { recursive: true })).filter((name) => name.endsWith('.partial'))).toEqual([]);
  } finally {
    execFileSync('umount', [disk]);
  }
});
