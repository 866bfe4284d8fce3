import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TextTokenizer } from '../encode/tokenizer.ts';
import { DataError } from '../errors.ts';
import { plainText, type PreferenceExample } from '../formats/example.ts';
import { renderReport } from '../report/render.ts';
import { each, type EncodedRows } from '../rows/indexed.ts';
import { syntheticTokenizer } from '../synthetic/tokenizer.ts';
import { checkData } from './checkData.ts';
import { type DataConfigInput, dataConfigSchema } from './config.ts';
import { type Dataset, loadDataset } from './loadDataset.ts';

/** One token per code unit: every text has tokens. */
const characters: TextTokenizer = {
  encode: (text, options) => [
    ...(options?.addSpecialTokens === false ? [] : [1]),
    ...Array.from({ length: text.length }, (_, index) => 3 + text.charCodeAt(index)),
  ],
  decode: (ids) => String.fromCharCode(...ids.filter((id) => id > 2).map((id) => id - 3)),
  bosTokenId: 1,
  eosTokenId: 2,
  padTokenId: 0,
  vocabularySize: 2 ** 16 + 3,
};
const chat: TextTokenizer = {
  ...characters,
  applyChatTemplate: (messages, { addGenerationPrompt }) =>
    messages.map(({ role, content }) => `[${role}]${content}\n`).join('') + (addGenerationPrompt ? '[assistant]' : ''),
};

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tether-data-'))));
afterAll(async () => rm(folder, { recursive: true }));

let files = 0;
async function fileOf(rows: readonly unknown[]): Promise<string> {
  const name = `rows-${files++}.jsonl`;
  await writeFile(join(folder, name), rows.map((row) => JSON.stringify(row)).join('\n'));
  return name;
}

const load = (config: DataConfigInput, tokenizer = characters) =>
  loadDataset(dataConfigSchema.parse(config), tokenizer, { baseFolder: folder });
const numbersOf = (rows: EncodedRows) => [...each(rows)].map(({ rowNumber }) => rowNumber);
async function textsOf(data: Dataset, part: 'train' | 'eval'): Promise<PreferenceExample[]> {
  const examples: PreferenceExample[] = [];
  for await (const example of data.examples(part)) examples.push(example);
  return examples;
}
const pair = (name: string) => ({ prompt: `ask ${name}:`, chosen: ` yes ${name}`, rejected: ` no ${name}` });
const pairs = (count: number) => Array.from({ length: count }, (_, index) => pair(`n${index}`));

describe('loading', () => {
  it('gives rows, their texts and a report that accounts for every row', async () => {
    const rows = [
      ...pairs(8),
      pair('n0'), // 9: a duplicate
      { ...pair('same'), rejected: ' yes same' }, // 10
      { ...pair('empty'), rejected: ' ' }, // 11
      { ...pair('long'), prompt: 'x'.repeat(100) }, // 12
      { ...pair('cut'), chosen: 'y'.repeat(100) }, // 13
    ];
    const files = await fileOf(rows);
    const data = await load({ files, max_length: 50, eval_fraction: 0.2, drop_duplicates: true });
    const { report } = data;
    expect(report.findings.map(({ rowNumber, kind, action }) => `${rowNumber} ${kind} ${action}`)).toEqual([
      '9 duplicate dropped',
      '10 identical-pair dropped',
      '11 empty-completion dropped',
      '12 long-prompt dropped',
      '13 long-completion truncated',
    ]);
    expect(report.rowsRead).toBe(13);
    expect(report.rowsUsed.train + report.rowsUsed.eval + report.rowsDropped).toBe(13);
    const examples = { train: await textsOf(data, 'train'), eval: await textsOf(data, 'eval') };
    for (const part of ['train', 'eval'] as const) {
      expect(numbersOf(data[part])).toEqual(examples[part].map(({ rowNumber }) => rowNumber));
    }
    const first = data.train.at(0)!;
    const text = characters.decode([...first.prompt, ...first.completions[0]!]);
    expect(text).toBe(`${plainText(examples.train[0]!.prompt)}${plainText(examples.train[0]!.completions[0]!)}`);
    expect(report.paddingShare).toBeGreaterThanOrEqual(0);
    expect(report.paddingShare).toBeLessThan(1);
  });

  it('numbers rows through several files, and says where evaluation prompts are trained on', async () => {
    const [train, more, held] = [
      await fileOf(pairs(3)),
      await fileOf([pair('z')]),
      await fileOf([pair('n1'), pair('new')]),
    ];
    const data = await load({ files: [train, more], eval_files: held });
    expect(numbersOf(data.train)).toEqual([1, 2, 3, 4]);
    expect(numbersOf(data.eval)).toEqual([5, 6]);
    expect(data.report.findings).toEqual([
      { rowNumber: 5, kind: 'eval-overlap', action: 'kept', reason: 'its prompt is that of row 2' },
    ]);
  });

  it('takes no more rows than asked, and counts the others', async () => {
    const data = await load({
      files: await fileOf(pairs(20)),
      eval_fraction: 0.5,
      max_train_rows: 4,
      max_eval_rows: 3,
    });
    expect([data.train.length, data.eval.length, data.report.rowsBeyondLimit]).toEqual([4, 3, 13]);
  });

  it('brings instruction rows into the form that the model takes', async () => {
    const files = await fileOf([{ instruction: 'Sort.', input: '', chosen: 'a', rejected: 'b' }]);
    const prompt = async (config: Partial<DataConfigInput>, tokenizer: TextTokenizer) => {
      const { train } = await load({ files, eval_fraction: 0, ...config }, tokenizer);
      return characters.decode([...train.at(0)!.prompt]);
    };
    expect(await prompt({}, chat)).toBe('[user]Sort.\n[assistant]');
    expect(await prompt({}, characters)).toBe('### Instruction:\nSort.\n\n### Response:\n');
    expect(await prompt({ prompt_style: 'text' }, chat)).toBe('### Instruction:\nSort.\n\n### Response:\n');
  });

  it('has the same fingerprint for the same content in another format', async () => {
    const trl = await load({ files: await fileOf(pairs(5)) });
    const renamed = pairs(5).map(({ prompt, chosen, rejected }) => ({ ask: prompt, good: chosen, bad: rejected }));
    const columns = { prompt: 'ask', chosen: 'good', rejected: 'bad' };
    const other = await load({ files: await fileOf(renamed), columns });
    expect(other.report.fingerprint).toBe(trl.report.fingerprint);
    expect(other.tokenFingerprint).toBe(trl.tokenFingerprint);
    const changed = await load({ files: await fileOf([...pairs(4), pair('changed')]) });
    expect(changed.report.fingerprint).not.toBe(trl.report.fingerprint);
    expect(changed.tokenFingerprint).not.toBe(trl.tokenFingerprint);
  });
});

describe('bad rows', () => {
  const bad = [
    pair('a'),
    { prompt: 'x', rejected: 'y' },
    pair('b'),
    { prompt: 'x' },
    { prompt: 'x', rejected: 'y' },
    [1],
  ];

  it('stop the run with all of them in one message', async () => {
    const files = await fileOf(bad);
    const error: unknown = await load({ files }).catch((problem: unknown) => problem);
    if (!(error instanceof DataError)) throw new Error('expected a DataError');
    expect(error.rowNumbers).toEqual([2, 4, 5, 6]);
    expect(error.message).toBe(
      [
        `${join(folder, files)}: 4 rows cannot be used`,
        '  no "chosen" column: rows 2, 4, 5',
        '  not an object with columns: row 6',
        'Correct these rows, name other columns with the option columns, or leave them out with on_bad_row: drop.',
      ].join('\n'),
    );
  });

  it('are left out and listed when that is wanted, and always when data is only checked', async () => {
    const files = await fileOf(bad);
    const { train, report } = await load({ files, on_bad_row: 'drop', eval_fraction: 0 });
    expect(numbersOf(train)).toEqual([1, 3]);
    expect(report.counts['bad-row']).toBe(4);
    const checked = await checkData({ files, eval_fraction: 0 }, undefined, { baseFolder: folder });
    expect(checked.counts['bad-row']).toBe(4);
    expect(renderReport(checked)).toContain('    rows 2, 4, 5: no "chosen" column');
  });

  it('that leave nothing to train on say what became of all rows', async () => {
    const files = await fileOf([{ ...pair('a'), rejected: ' yes a' }]);
    const checked = await checkData({ files }, characters, { baseFolder: folder });
    expect(checked.rowsUsed).toEqual({ train: 0, eval: 0 });
    await expect(load({ files })).rejects.toThrow(/of 1 read, no row is left to train on \(identical-pair 1\)/);
  });

  it('include conversations for a model without a chat template', async () => {
    const turns = (content: string) => [
      { role: 'user', content: 'q' },
      { role: 'assistant', content },
    ];
    const files = await fileOf([{ chosen: turns('a'), rejected: turns('b') }]);
    await expect(load({ files, eval_fraction: 0 })).rejects.toThrow(/the model has no chat template/);
    expect((await load({ files, eval_fraction: 0 }, chat)).train).toHaveLength(1);
  });

  it('are conversations that the chat template refuses, too', async () => {
    const strict: TextTokenizer = {
      ...chat,
      applyChatTemplate(messages, options) {
        if (messages[0]?.role === 'system') throw new Error('no system role');
        return chat.applyChatTemplate!(messages, options);
      },
    };
    const answer = (content: string) => [{ role: 'assistant', content }];
    const rows = ['user', 'system', 'user', 'system'].map((role) => ({
      prompt: [{ role, content: 'q' }],
      chosen: answer('a'),
      rejected: answer('b'),
    }));
    const files = await fileOf(rows);
    await expect(load({ files }, strict)).rejects.toThrow(
      /2 rows cannot be used\n {2}the chat template refuses the conversation: no system role: rows 2, 4\n/,
    );
    const { train } = await load({ files, on_bad_row: 'drop', eval_fraction: 0 }, strict);
    expect(numbersOf(train)).toEqual([1, 3]);
  });

  it('of another kind in a second file are refused', async () => {
    const [first, second] = [await fileOf(pairs(1)), await fileOf([{ text: 'plain' }])];
    await expect(load({ files: [first, second] })).rejects.toThrow(/do not go together/);
  });
});

describe('the synthetic task as data', () => {
  it('needs no file; evaluation rows have prompts of their own', async () => {
    const data = await load({ synthetic: { count: 300, eval_count: 40, label_noise: 0.1 } }, syntheticTokenizer);
    expect([data.train.length, data.eval.length]).toEqual([300, 40]);
    expect(data.report.counts).toMatchObject({ 'prefix-mismatch': 0, 'eval-overlap': 0, duplicate: 0 });
    expect(data.eval.at(0)!.rowNumber).toBe(301);
    expect(Math.max(...data.report.buckets.map(({ rowLength }) => rowLength))).toBeLessThanOrEqual(48);
  });

  it('gives single answers for pretraining', async () => {
    const data = await load({ synthetic: { rows: 'pretraining', count: 50, eval_count: 0 } }, syntheticTokenizer);
    expect([...each(data.train)].map(({ completions }) => completions.length)).toEqual(Array<number>(50).fill(1));
    expect(data.eval).toHaveLength(0);
  });
});

const real = join(import.meta.dirname, '../../../../../shared/data/preferences');
const realFiles = {
  'dpo_en_demo.json': { rows: 300, form: 'sharegpt' },
  'instruction-data-with-preference.json': { rows: 1100, form: 'instruction' },
} as const;

describe.each(Object.entries(realFiles))('the real file %s', (name, expected) => {
  const path = join(real, name);
  const missing = !existsSync(path);
  if (missing) console.warn(`skipped: ${name} is not in ../shared/data/preferences beside the workspace`);

  it.skipIf(missing)('loads with every row accounted for', async () => {
    const { train, eval: held, report } = await load({ files: path, max_length: 4000 }, chat);
    expect(report.sources).toMatchObject([expected]);
    expect(train.length + held.length + report.rowsDropped).toBe(expected.rows);
    expect(held.length).toBeGreaterThan(0.05 * expected.rows);
    const checked = await checkData({ files: path });
    expect(checked.rowsRead).toBe(expected.rows);
    expect(checked.counts['bad-row']).toBe(0);
    expect(checked.unit).toBe('characters');
  });
});
