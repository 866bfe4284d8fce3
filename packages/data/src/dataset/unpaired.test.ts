import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderReport } from '../report/render.ts';
import { each, type EncodedRows } from '../rows/indexed.ts';
import { syntheticTokenizer } from '../synthetic/tokenizer.ts';
import { checkData } from './checkData.ts';
import { type DataConfigInput, dataConfigSchema } from './config.ts';
import { loadDataset } from './loadDataset.ts';

/** Twenty prompts with two completions each, one of either label, in rows of their own. */
const ROWS = Array.from({ length: 20 }, (_, index) => {
  const prompt = `sort ${'abcde'[index % 5]} ${'fedc'[index % 4]} =`;
  return [
    { prompt, completion: ' a b c', label: true },
    { prompt, completion: ' b a', label: false },
  ];
}).flat();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tether-unpaired-'));
  const write = (name: string, rows: readonly unknown[]) =>
    writeFile(join(folder, name), rows.map((row) => JSON.stringify(row)).join('\n'));
  await write('unpaired.jsonl', ROWS);
  await write('turned.jsonl', [ROWS[0], { ...ROWS[0], label: false }, ROWS[0]]);
  await write('pairs.jsonl', [{ prompt: 'sort b a =', chosen: ' a b', rejected: ' b a' }]);
  await write('single.jsonl', [{ prompt: 'sort b a =', completion: ' a b' }]);
  await write('empty.jsonl', [...ROWS.slice(0, 2), { ...ROWS[2], completion: '' }, { ...ROWS[3], prompt: '' }]);
});
afterAll(() => rm(folder, { recursive: true }));

const load = (config: DataConfigInput) =>
  loadDataset(dataConfigSchema.parse(config), syntheticTokenizer, { baseFolder: folder });
const sides = (rows: EncodedRows) => [...each(rows)].map(({ completions }) => completions.map(({ length }) => length));

describe('unpaired rows', () => {
  it('have their completion on the side that their label says, in memory and on disk', async () => {
    for (const in_memory_mib of [256, 0]) {
      const data = await load({ files: 'unpaired.jsonl', eval_fraction: 0, in_memory_mib });
      const [first, second] = [data.train.at(0)!, data.train.at(1)!];
      expect(syntheticTokenizer.decode([...first.completions[0]!])).toContain('a b c');
      expect(sides(data.train).slice(0, 2)).toEqual([
        [4, 0], // with the end token
        [0, 3],
      ]);
      expect(second.prompt).toEqual(first.prompt);
      data.close();
    }
  });

  it('are held out by their prompts: both labels of a prompt go the same way', async () => {
    const data = await load({ files: 'unpaired.jsonl', eval_fraction: 0.25 });
    expect([data.train.length, data.eval.length]).toEqual([30, 10]);
    const prompts = (rows: EncodedRows) => new Set([...each(rows)].map(({ prompt }) => prompt.join()));
    expect([...prompts(data.eval)].filter((prompt) => prompts(data.train).has(prompt))).toEqual([]);
  });

  it('are duplicates only with the same label', async () => {
    const report = await checkData({ files: 'turned.jsonl', eval_fraction: 0 }, syntheticTokenizer, {
      baseFolder: folder,
    });
    expect(report.findings.map(({ rowNumber, kind }) => [rowNumber, kind])).toEqual([[3, 'duplicate']]);
  });

  it('are reported by label, with lengths of what there is', async () => {
    const config = { files: 'unpaired.jsonl', eval_fraction: 0 };
    for (const tokenizer of [syntheticTokenizer, undefined]) {
      const lines = renderReport(await checkData(config, tokenizer, { baseFolder: folder }));
      expect(lines.join('\n')).toContain('form unpaired by its columns');
      expect(lines).toContain('  completions: 20 chosen (label true), 20 rejected (label false)');
      const rejected = lines.find((line) => line.startsWith('  rejected'))!;
      expect(rejected.trim().split(/\s+/)[2]).toBe(tokenizer === undefined ? '4' : '3'); // the least
    }
  });

  it('go together with pairs, but not with completions to imitate', async () => {
    const data = await load({ files: ['unpaired.jsonl', 'pairs.jsonl'], eval_fraction: 0 });
    expect(sides(data.train).at(-1)).toEqual([3, 3]);
    await expect(load({ files: ['unpaired.jsonl', 'single.jsonl'] })).rejects.toThrow(/do not go together/);
  });

  it('have faults that are told: no completion, no prompt', async () => {
    const report = await checkData({ files: 'empty.jsonl', eval_fraction: 0 }, syntheticTokenizer, {
      baseFolder: folder,
    });
    expect(report.findings.map(({ rowNumber, action, reason }) => [rowNumber, action, reason])).toEqual([
      [3, 'dropped', 'chosen empty'],
      [4, 'kept', 'the prompt is empty'],
    ]);
  });
});
