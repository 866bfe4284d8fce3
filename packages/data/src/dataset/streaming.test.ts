import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DataError } from '../errors.ts';
import { each } from '../rows/indexed.ts';
import { syntheticTokenizer } from '../synthetic/tokenizer.ts';
import { type DataConfigInput, dataConfigSchema } from './config.ts';
import { type Dataset, loadDataset, type LoadOptions } from './loadDataset.ts';
import { numberedRows, sourcesOf } from './sources.ts';
import { survey } from './survey.ts';
import { accountRows } from './account.ts';

const TESTDATA = join(import.meta.dirname, '../testdata');
const LETTERS = 'abcdef';

/** Rows in the synthetic language with a duplicate, an equal pair and a long one among them. */
function pairs(count: number): object[] {
  return Array.from({ length: count }, (_, index) => {
    const word = Array.from({ length: 4 }, (_letter, place) => LETTERS[Math.floor(index / 6 ** place) % 6]).join(' ');
    if (index % 50 === 7) return { prompt: 'sort b a =', chosen: ' a b', rejected: ' b a' };
    if (index % 50 === 9) return { prompt: `sort ${word} =`, chosen: ' a', rejected: ' a' };
    const chosen = index % 50 === 11 ? ' a b c d e f'.repeat(9) : ' a b c';
    return { prompt: `sort ${word} =`, chosen, rejected: ' b a' };
  });
}

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tether-streaming-'));
  file = join(folder, 'pairs.jsonl');
  await writeFile(
    file,
    pairs(400)
      .map((row) => JSON.stringify(row))
      .join('\n'),
  );
});
afterAll(async () => rm(folder, { recursive: true }));

const load = (config: DataConfigInput, options: LoadOptions = {}) =>
  loadDataset(
    dataConfigSchema.parse({ max_length: 40, eval_fraction: 0.2, drop_duplicates: true, ...config }),
    syntheticTokenizer,
    {
      baseFolder: folder,
      ...options,
    },
  );

async function contentOf(data: Dataset) {
  const texts: unknown[] = [];
  for (const part of ['train', 'eval'] as const) for await (const example of data.examples(part)) texts.push(example);
  return { train: [...each(data.train)], eval: [...each(data.eval)], texts, fingerprint: data.tokenFingerprint };
}

describe('data that does not stay in memory', () => {
  it('is the same data, with the same report', async () => {
    const [inMemory, onDisk] = [await load({ files: file }), await load({ files: file, in_memory_mib: 0 })];
    expect(inMemory.report.rowsUsed.train).toBeGreaterThan(200);
    expect(await contentOf(onDisk)).toEqual(await contentOf(inMemory));
    expect(onDisk.report).toEqual(inMemory.report);
    onDisk.close();
  });

  describe('with a cache folder', () => {
    let cacheFolder: string;
    beforeEach(async () => void (cacheFolder = await mkdtemp(join(folder, 'cache-'))));
    const caching = () => ({ cacheFolder, tokenizerFingerprint: 'synthetic' });

    /** Counts the rows that are tokenized. */
    function counting() {
      const seen = { rows: 0 };
      const tokenizer: typeof syntheticTokenizer = {
        ...syntheticTokenizer,
        encode(text, options) {
          seen.rows++;
          return syntheticTokenizer.encode(text, options);
        },
      };
      const config = (more: DataConfigInput) => dataConfigSchema.parse({ max_length: 40, in_memory_mib: 0, ...more });
      return { seen, load: (more: DataConfigInput) => loadDataset(config(more), tokenizer, caching()) };
    }

    it('is tokenized once', async () => {
      const { seen, load: loadCounted } = counting();
      const first = await loadCounted({ files: file });
      const tokenized = seen.rows;
      expect(tokenized).toBeGreaterThan(0);
      const second = await loadCounted({ files: file });
      expect(seen.rows).toBe(tokenized);
      expect(await contentOf(second)).toEqual(await contentOf(first));
      expect(second.report).toEqual(first.report);
      const other = await loadCounted({ files: file, max_length: 20 });
      expect(seen.rows).toBeGreaterThan(tokenized);
      for (const data of [first, second, other]) data.close();
    });

    it('is found where the folder was moved to', async () => {
      const { seen, load: loadCounted } = counting();
      const first = await loadCounted({ files: file });
      const content = await contentOf(first);
      first.close();
      const tokenized = seen.rows;
      await rename(cacheFolder, `${cacheFolder}-moved`);
      cacheFolder = `${cacheFolder}-moved`;
      const second = await loadCounted({ files: file });
      expect(seen.rows).toBe(tokenized);
      expect(await contentOf(second)).toEqual(content);
      second.close();
    });

    it('is tokenized again when its tokens are gone', async () => {
      const { seen, load: loadCounted } = counting();
      const first = await loadCounted({ files: file });
      const content = await contentOf(first);
      first.close();
      const tokenized = seen.rows;
      for (const name of await readdir(cacheFolder)) {
        if (name.startsWith('tokens-')) await rm(join(cacheFolder, name));
      }
      const second = await loadCounted({ files: file });
      expect(seen.rows).toBe(2 * tokenized);
      expect(await contentOf(second)).toEqual(content);
      second.close();
    });

    it('leaves what a killed process began to the next one to delete', async () => {
      const data = await load({ files: file, in_memory_mib: 0 }, caching());
      data.close();
      const index = (await readdir(cacheFolder)).find((name) => name.endsWith('.json'))!;
      const key = index.slice('data-'.length, -'.json'.length);
      await rm(join(cacheFolder, index));
      const abandoned = join(cacheFolder, `tokens-${key}-999999999-train.bin`); // no process has this number
      await writeFile(abandoned, 'x');
      (await load({ files: file, in_memory_mib: 0 }, caching())).close();
      expect(existsSync(abandoned)).toBe(false);
    });

    it('lists many findings in a file there', async () => {
      const many = join(folder, 'many.jsonl');
      const row = JSON.stringify({ prompt: 'sort a =', chosen: ' a', rejected: ' b' });
      await writeFile(many, `${row}\n`.repeat(1500));
      const { report } = await load({ files: many, drop_duplicates: false }, caching());
      expect(report.counts.duplicate).toBe(1499);
      expect(report.findings).toHaveLength(1000);
      expect((await readFile(report.findingsFile!, 'utf8')).trimEnd().split('\n')).toHaveLength(1499);
    });

    it('keeps nothing of small data', async () => {
      await load({ files: file }, caching());
      expect(await readdir(cacheFolder)).toEqual([]);
    });
  });

  it('that changes while it is read is refused', async () => {
    const changing = join(folder, 'changing.jsonl');
    await writeFile(
      changing,
      pairs(5)
        .map((row) => JSON.stringify(row))
        .join('\n'),
    );
    const config = dataConfigSchema.parse({ files: changing });
    const sources = await sourcesOf({ config, baseFolder: '.', instructionsAsMessages: false });
    const found = await survey(sources, config);
    await writeFile(
      changing,
      pairs(6)
        .map((row) => JSON.stringify(row))
        .join('\n'),
    );
    const nothing = { length: 0, add: () => undefined };
    const account = accountRows({
      sources,
      survey: found,
      config,
      encode: () => ({ row: undefined, findings: [] }),
      sinks: { train: nothing, eval: nothing },
    });
    await expect(account).rejects.toThrow(/changing\.jsonl: changed while being read/);
  });
});

describe('splits of folders', () => {
  const numbers = async (config: DataConfigInput) => {
    const parsed = dataConfigSchema.parse(config);
    const sources = await sourcesOf({ config: parsed, baseFolder: TESTDATA, instructionsAsMessages: true });
    const rows = { train: 0, eval: 0 };
    for await (const { source } of numberedRows(sources)) rows[source.part]++;
    return { ...rows, kinds: [...new Set(sources.map(({ kind }) => kind))] };
  };

  it('are trained on and evaluated on as named', async () => {
    expect(await numbers({ files: 'saved-splits' })).toEqual({ train: 20, eval: 0, kinds: ['Arrow'] });
    expect(await numbers({ files: 'saved-splits', eval_split: 'test' })).toMatchObject({ train: 20, eval: 4 });
    expect(await numbers({ files: 'saved-splits', split: 'test' })).toMatchObject({ train: 4, eval: 0 });
    expect(await numbers({ files: 'snappy.parquet', eval_files: 'saved-splits' })).toEqual({
      train: 24,
      eval: 4,
      kinds: ['Parquet', 'Arrow'],
    });
  });

  it('are of folders only', async () => {
    await expect(numbers({ files: 'snappy.parquet', split: 'train' })).rejects.toThrow(DataError);
  });
});
