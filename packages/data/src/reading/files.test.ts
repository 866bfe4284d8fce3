import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError } from '../errors.ts';
import { filesOf } from './folder.ts';
import { fileKind, readRows } from './readRows.ts';

/** Written by pyarrow and by the datasets library: tools/goldens/data_files.py. */
const TESTDATA = join(import.meta.dirname, '../testdata');
const golden = JSON.parse(await readFile(join(TESTDATA, 'rows.json'), 'utf8')) as unknown[];

async function valuesOf(...paths: readonly string[]): Promise<unknown[]> {
  const values: unknown[] = [];
  for (const path of paths) for await (const { value } of readRows(path)) values.push(value);
  return values;
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (problem: unknown) => problem,
  );
  if (!(error instanceof DataError)) throw new Error(`expected a DataError, got ${String(error)}`);
  return error.message;
}

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tether-files-'))));
afterAll(async () => rm(folder, { recursive: true }));

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
  return path;
}

describe('columnar files have the rows that Python wrote', () => {
  it.each([
    'snappy.parquet',
    'zstd.parquet',
    'gzip.parquet',
    'brotli.parquet',
    'lz4.parquet',
    'none.parquet',
    'pages-2.parquet',
    'file-format.arrow',
    'large-strings.arrow',
  ])('%s', async (name) => {
    expect(await valuesOf(join(TESTDATA, name))).toEqual(golden);
  });

  it('numbered through row groups and batches', async () => {
    for (const name of ['none.parquet', 'file-format.arrow']) {
      const numbers: number[] = [];
      for await (const { rowNumber } of readRows(join(TESTDATA, name))) numbers.push(rowNumber);
      expect(numbers).toEqual(golden.map((_, index) => index + 1));
    }
  });

  it.each(['none.parquet', 'file-format.arrow', 'large-strings.arrow'])('%s cut off is refused', async (name) => {
    const whole = await readFile(join(TESTDATA, name));
    for (const share of [0.3, 0.8]) {
      const path = await fileOf(`cut-${share}-${name}`, whole.subarray(0, Math.floor(share * whole.length)));
      expect(await messageOf(valuesOf(path))).toMatch(/cannot be read as (Parquet|Arrow): /);
    }
  });

  it('that are something else are refused', async () => {
    for (const ending of ['parquet', 'arrow']) {
      const path = await fileOf(`text.${ending}`, '{"prompt": "a"}\n'.repeat(20));
      expect(await messageOf(valuesOf(path))).toContain(`${path}: cannot be read as`);
      expect(await messageOf(valuesOf(join(folder, `absent.${ending}`)))).toContain('no such file');
    }
  });
});

describe('compressed JSON', () => {
  const lines = golden.map((row) => JSON.stringify(row)).join('\n');

  it('is read like plain JSON, lines and arrays', async () => {
    expect(await valuesOf(await fileOf('rows.jsonl.gz', gzipSync(lines)))).toEqual(golden);
    expect(await valuesOf(await fileOf('rows.json.gz', gzipSync(JSON.stringify(golden))))).toEqual(golden);
    expect(await valuesOf(await fileOf('rows.jsonl.zst', zstdCompressSync(lines)))).toEqual(golden);
  });

  it('that is cut off or not compressed at all is refused', async () => {
    const whole = gzipSync(lines);
    const cut = await fileOf('cut.jsonl.gz', whole.subarray(0, whole.length / 2));
    expect(await messageOf(valuesOf(cut))).toContain(`${cut}: cannot be decompressed (unexpected end of file)`);
    const plain = await fileOf('plain.jsonl.gz', lines);
    expect(await messageOf(valuesOf(plain))).toContain('cannot be decompressed (incorrect header check)');
  });

  it('is a kind by its two endings; other files are not unpacked', () => {
    expect(fileKind('a/b.jsonl.gz')?.name).toBe('JSON, gzip');
    expect(fileKind('b.ndjson.zst')?.name).toBe('JSON, zstd');
    expect(fileKind('b.parquet')?.name).toBe('Parquet');
    expect(['b.parquet.gz', 'b.gz', 'b.csv', 'json'].map(fileKind)).toEqual(Array(4).fill(undefined));
  });
});

describe('folders', () => {
  const names = async (path: string, split?: string, usual = ['train']) =>
    (await filesOf(path, split, usual)).map((file) => file.slice(path.length + 1));

  it('that the datasets library saved, of one dataset', async () => {
    const path = join(TESTDATA, 'saved');
    expect(await names(path)).toEqual(['data-00000-of-00002.arrow', 'data-00001-of-00002.arrow']);
    expect(await valuesOf(...(await filesOf(path, undefined, [])))).toEqual(golden);
  });

  it('that the datasets library saved, of several splits', async () => {
    const path = join(TESTDATA, 'saved-splits');
    expect(await valuesOf(...(await filesOf(path, undefined, ['train'])))).toEqual(golden.slice(0, 20));
    expect(await valuesOf(...(await filesOf(path, 'test', ['train'])))).toEqual(golden.slice(20));
    expect(await messageOf(filesOf(path, 'validation', ['train']))).toContain(
      'holds no split "validation"; it has train, test. Name one with the option split or eval_split.',
    );
  });

  it('laid out as on the hub: shards and split names', async () => {
    const path = join(folder, 'ultrafeedback');
    for (const file of [
      'train_prefs-00001-of-00002.parquet',
      'train_prefs-00000-of-00002.parquet',
      'test_prefs-00000-of-00001.parquet',
      'train_sft-00000-of-00001-0a1b2c.parquet',
    ]) {
      await mkdir(join(path, 'data'), { recursive: true });
      await cp(join(TESTDATA, 'snappy.parquet'), join(path, 'data', file));
    }
    await fileOf('ultrafeedback/README.md', '# card');
    await fileOf('ultrafeedback/dataset_infos.json', '{}');
    await fileOf('ultrafeedback/.cache/x.parquet', '');
    expect(await names(path, 'train_prefs')).toEqual([
      'data/train_prefs-00000-of-00002.parquet',
      'data/train_prefs-00001-of-00002.parquet',
    ]);
    expect(await names(path, 'train_sft')).toEqual(['data/train_sft-00000-of-00001-0a1b2c.parquet']);
    expect(await messageOf(filesOf(path, undefined, ['train']))).toContain(
      'holds several splits; it has test_prefs, train_prefs, train_sft.',
    );
  });

  it('laid out as hh-rlhf: a folder per subset, files named by their split', async () => {
    const path = join(folder, 'hh');
    for (const subset of ['harmless-base', 'helpful-base']) {
      for (const split of ['train', 'test']) await fileOf(`hh/${subset}/${split}.jsonl.gz`, gzipSync('{}'));
    }
    expect(await names(path)).toEqual(['harmless-base/train.jsonl.gz', 'helpful-base/train.jsonl.gz']);
    expect(await names(path, undefined, ['test'])).toEqual([
      'harmless-base/test.jsonl.gz',
      'helpful-base/test.jsonl.gz',
    ]);
    expect(await names(join(path, 'helpful-base'), 'test')).toEqual(['test.jsonl.gz']);
  });

  it('with files in folders of a split, or without any name for one', async () => {
    await fileOf('by-folder/validation/part-1.json', '[]');
    await fileOf('by-folder/train/part-1.json', '[]');
    expect(await names(join(folder, 'by-folder'), 'validation')).toEqual(['validation/part-1.json']);
    await fileOf('unnamed/pairs.jsonl', '{}');
    expect(await names(join(folder, 'unnamed'))).toEqual(['pairs.jsonl']);
  });

  it('without data say so', async () => {
    await fileOf('empty/README.md', '');
    expect(await messageOf(filesOf(join(folder, 'empty'), undefined, ['train']))).toContain('holds no data files');
    await fileOf('broken/state.json', '{"_data_files": 3}');
    expect(await messageOf(filesOf(join(folder, 'broken'), undefined, ['train']))).toContain(
      'not what the datasets library writes',
    );
  });
});
