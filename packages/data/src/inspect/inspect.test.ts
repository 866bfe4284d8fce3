import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dataConfigSchema } from '../dataset/config.ts';
import { loadDataset } from '../dataset/loadDataset.ts';
import { each } from '../rows/indexed.ts';
import { syntheticTokenizer } from '../synthetic/tokenizer.ts';
import { inspectRow } from './inspectRow.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tether-inspect-'))));
afterAll(async () => rm(folder, { recursive: true }));

async function fileOf(name: string, rows: readonly object[]): Promise<string> {
  await writeFile(join(folder, name), rows.map((row) => JSON.stringify(row)).join('\n'));
  return name;
}

const pair = (letter: string) => ({ prompt: `sort b ${letter} =`, chosen: ` ${letter} b`, rejected: ' b' });

it('a row has the tokens that training has, found by its number through all files', async () => {
  const files = [await fileOf('one.jsonl', [pair('a'), pair('c')]), await fileOf('two.jsonl', [pair('d'), pair('e')])];
  const config = dataConfigSchema.parse({ files, eval_fraction: 0, max_completion_length: 2 });
  const data = await loadDataset(config, syntheticTokenizer, { baseFolder: folder });
  for (const row of each(data.train)) {
    const inspected = await inspectRow(config, row.rowNumber, syntheticTokenizer, { baseFolder: folder });
    expect(inspected.encoded).toEqual(row);
    expect(inspected.findings).toEqual(
      data.report.findings
        .filter(({ rowNumber }) => rowNumber === row.rowNumber)
        .map(({ kind, action, reason }) => ({ kind, action, reason })),
    );
    expect(inspected.seam).toBeUndefined();
  }
  const { source } = await inspectRow(config, 3, undefined, { baseFolder: folder });
  expect(source).toEqual({ name: join(folder, 'two.jsonl'), kind: 'JSON', row: 1 });
});

it('a dropped row has its texts and the reason, and no tokens to train on', async () => {
  const files = await fileOf('odd.jsonl', [pair('a'), { ...pair('c'), rejected: ' c b' }]);
  const config = dataConfigSchema.parse({ files });
  const row = await inspectRow(config, 2, syntheticTokenizer, { baseFolder: folder });
  expect(row.findings).toEqual([{ kind: 'identical-pair', action: 'dropped', reason: 'chosen equals rejected' }]);
  expect(row.encoded).toBeUndefined();
  expect(row.example?.prompt).toBe('sort b c =');
});

it('where a token spans the seam, both sides of it are given', async () => {
  const joining = {
    ...syntheticTokenizer,
    encode: (text: string, options?: { readonly addSpecialTokens: boolean }) =>
      syntheticTokenizer.encode(text.replace('b a', 'c'), options),
  };
  const files = await fileOf('seam.jsonl', [{ prompt: 'sort b', chosen: ' a d', rejected: ' e' }]);
  const config = dataConfigSchema.parse({ files });
  const { seam, encoded } = await inspectRow(config, 1, joining, { baseFolder: folder });
  const ids = (text: string) => joining.encode(text, { addSpecialTokens: false });
  expect(seam).toEqual({ shared: 2, promptAlone: ids('b'), before: [ids('c d'), ids('b e')] });
  expect(encoded!.prompt).toHaveLength(2);
});

it('a row that is not there is told with how many there are', async () => {
  const files = await fileOf('few.jsonl', [pair('a')]);
  const config = dataConfigSchema.parse({ files });
  await expect(inspectRow(config, 2, undefined, { baseFolder: folder })).rejects.toThrow(
    'there is no row 2: the data has 1 rows.',
  );
});
