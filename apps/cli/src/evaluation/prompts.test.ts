import { dataConfigSchema, loadDataset, syntheticTokenizer } from '@tether/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, writeConfig } from '../testing/command.ts';
import { evaluationPrompts } from './prompts.ts';
import { promptsOfRows } from './promptsOfRows.ts';

let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

const tokenizer = syntheticTokenizer;

/** The rows as evaluation data. */
async function dataOf(rows: readonly object[]) {
  await writeConfig(folder, 'train.jsonl', JSON.stringify({ prompt: 'sort a =', chosen: ' a', rejected: ' b' }));
  await writeConfig(folder, 'eval.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
  const config = dataConfigSchema.parse({ files: 'train.jsonl', eval_files: 'eval.jsonl' });
  return { config, dataset: await loadDataset(config, tokenizer, { baseFolder: folder }) };
}

describe('prompts that answers are sampled for', () => {
  it('are those of the evaluation rows, each once; an empty one begins as in training', async () => {
    const { config, dataset } = await dataOf([
      { prompt: 'sort b a =', chosen: ' a b', rejected: ' b a' },
      { prompt: 'sort b a =', chosen: ' a b', rejected: ' a' },
      { prompt: '', chosen: ' a', rejected: ' b' },
    ]);
    const { prompts, passedOver } = await evaluationPrompts(config, dataset, withoutStart, 10, 100);
    expect(prompts.map(({ text }) => text)).toEqual(['sort b a =', '']);
    expect(prompts[1]!.tokens).toEqual([tokenizer.eosTokenId]);
    expect(passedOver).toBe(0);
  });

  it('are passed over, and counted, where no room or no token is left', async () => {
    const { config, dataset } = await dataOf([
      { prompt: 'sort b a c d =', chosen: ' a', rejected: ' b' },
      { prompt: '', chosen: ' a', rejected: ' b' },
    ]);
    const { prompts, passedOver } = await evaluationPrompts(config, dataset, withoutAny, 10, 3);
    expect(prompts).toEqual([]);
    expect(passedOver).toBe(2);
  });
});

/** As tokenizers do that add no start token to texts. */
const withoutStart = {
  ...tokenizer,
  bosTokenId: undefined,
  encode: (text: string) => tokenizer.encode(text, { addSpecialTokens: false }),
};
const withoutAny = { ...withoutStart, eosTokenId: undefined };

it('rows with the same prompt are named by the first of them; rows without a prompt have names of their own', () => {
  const row = (rowNumber: number, ...prompt: number[]) => ({
    rowNumber,
    prompt: Int32Array.from(prompt),
    completions: [Int32Array.of(1), Int32Array.of(2)],
  });
  const rows = [row(3, 5, 6), row(4, 5, 7), row(7, 5, 6), row(8, 1), row(9, 1)];
  const promptOf = promptsOfRows(Object.assign(rows, { sizes: rows }));
  expect([3, 4, 7, 8, 9].map(promptOf)).toEqual(['row 3', 'row 4', 'row 3', 'row 8', 'row 9']);
});
