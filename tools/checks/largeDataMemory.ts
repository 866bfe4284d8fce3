/**
 * Loads a large data file and reads batches of it in random order, and says what memory and time that takes. The tokenizer cuts
 * every four characters, so that reading and keeping rows is measured and not tokenization.
 *
 * Usage: largeDataMemory.ts FILE [IN_MEMORY_MIB]     default 256; a file comes from largeData.ts
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchesOfStep, createSampler, dataConfigSchema, loadDataset, planBuckets, renderReport } from '@tether/data';
import type { TextTokenizer } from '@tether/data';
import { resources } from './resources.ts';

const ROWS = 16;
const STEPS = 500;

const tokenizer: TextTokenizer = {
  encode(text) {
    const ids = new Array<number>(Math.ceil(text.length / 4));
    for (let i = 0; i < ids.length; i++) {
      ids[i] = (Math.imul(text.charCodeAt(4 * i), 31) + (text.charCodeAt(4 * i + 3) || 0)) & 0x7fff;
    }
    return ids;
  },
  decode: (ids) => ids.join(' '),
  bosTokenId: undefined,
  eosTokenId: 0,
  padTokenId: 0,
  vocabularySize: 2 ** 15,
};

const tell = (text: string) => process.stdout.write(`${text}\n`);
const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;

const [files, inMemory = '256'] = process.argv.slice(2);
if (files === undefined) throw new Error('usage: largeDataMemory.ts FILE [IN_MEMORY_MIB]');
const cacheFolder = mkdtempSync(join(tmpdir(), 'tether-large-'));
try {
  const before = resources();
  const config = dataConfigSchema.parse({ files, in_memory_mib: Number(inMemory), eval_fraction: 0.01 });
  const data = await loadDataset(config, tokenizer, { cacheFolder, tokenizerFingerprint: 'every four characters' });
  for (const line of renderReport(data.report, { maxRowNumbers: 3 })) tell(line);
  const loaded = resources().since(before);
  const cached = readdirSync(cacheFolder).reduce((sum, name) => sum + statSync(join(cacheFolder, name)).size, 0);
  tell(`loaded ${mib(statSync(files).size)} in ${loaded.seconds.toFixed(0)} s; cache ${mib(cached)}`);
  tell(`peak memory at the start ${Math.round(before.peakMiB)} MiB, loaded ${Math.round(loaded.peakMiB)} MiB`);
  const plan = planBuckets(data.train.sizes, 'compact', config.buckets);
  const sampler = createSampler({ bucketOfRow: plan.bucketOfRow, rowsPerStep: ROWS, seed: 0 });
  const ready = resources();
  let tokens = 0;
  for (let step = 0; step < STEPS; step++) {
    for (const { keyMask } of batchesOfStep(sampler.step(step), data.train, plan, {
      rowsPerBatch: ROWS,
      padTokenId: 0,
    }))
      tokens += keyMask.reduce((sum, one) => sum + one, 0);
  }
  const read = resources().since(ready);
  const each = (1000 * read.seconds) / STEPS;
  tell(
    `${STEPS} steps of ${ROWS} random rows, ${tokens} tokens: ${each.toFixed(2)} ms a step; peak ${Math.round(read.peakMiB)} MiB`,
  );
  data.close();
} finally {
  rmSync(cacheFolder, { recursive: true });
}
