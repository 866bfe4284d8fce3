import {
  dataConfigSchema,
  inspectRow,
  type InspectedRow,
  syntheticTokenizer,
  syntheticTokenizerJson,
  type TextTokenizer,
} from '@tether/data';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tokenStrings } from '../model/tokenStrings.ts';
import { rowAsTable, rowAsText, rowAsTokens } from './rowText.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tether-row-'))));
afterAll(() => rm(folder, { recursive: true }));

const { bosTokenId, eosTokenId } = syntheticTokenizer;
const names = { name: tokenStrings(syntheticTokenizerJson()), bosTokenId, eosTokenId };

async function inspect(rows: readonly object[], row: number, tokenizer?: TextTokenizer, options: object = {}) {
  const files = join(folder, 'pairs.jsonl');
  await writeFile(files, rows.map((value) => JSON.stringify(value)).join('\n'));
  return inspectRow(dataConfigSchema.parse({ files, ...options }), row, tokenizer);
}
const withoutFolder = (lines: readonly string[]) => lines.join('\n').replaceAll(`${folder}/`, '');

/** As a person without colours reads it; Nx forces colours on tests. */
const plain = (lines: readonly string[]) => lines.map(stripVTControlCharacters);
const asTokens = (row: InspectedRow) => plain(rowAsTokens(row, names));

const pair = { prompt: 'sort b a =', chosen: ' a b', rejected: ' b' };

test('a pair shows every token, what is trained on, positions and end tokens', async () => {
  const lines = asTokens(await inspect([pair, pair], 2, syntheticTokenizer));
  expect(withoutFolder(lines)).toMatchInlineSnapshot(`
    "row 2 of pairs.jsonl, JSON

    prompt: 5 tokens, positions 0–4, only seen
      <s>|sort|b|a|=|
    chosen: 3 tokens, positions 5–7, trained on
      [a][b][</s>]
    rejected: 2 tokens, positions 5–6, trained on
      [b][</s>]

    in a batch: one row of 10 tokens, prompt | chosen | rejected; a completion sees the prompt and itself, and its positions continue the prompt’s
    start token <s> once; end token </s>: chosen last, rejected last"
  `);
});

test('as a table: one line a token', async () => {
  const lines = plain(rowAsTable(await inspect([pair], 1, syntheticTokenizer), names));
  expect(withoutFolder(lines)).toMatchInlineSnapshot(`
    "row 1 of pairs.jsonl, JSON

        place position       id  part       loss  token
            0        0        1  prompt     –     <s>
            1        1        4  prompt     –     sort
            2        2        7  prompt     –     b
            3        3        6  prompt     –     a
            4        4        5  prompt     –     =
            5        5        6  chosen     yes   a
            6        6        7  chosen     yes   b
            7        7        2  chosen     yes   </s>
            8        5        7  rejected   yes   b
            9        6        2  rejected   yes   </s>"
  `);
});

test('a completion that is cut ends without an end token', async () => {
  const long = { ...pair, chosen: ' a b c d e f' };
  const lines = asTokens(await inspect([long], 1, syntheticTokenizer, { max_completion_length: 3 }));
  expect(lines).toContain('  [a][b][c]');
  expect(lines).toContain('start token <s> once; end token </s>: chosen none, rejected last');
  expect(lines.join('\n')).toContain('long-completion, truncated: completion of 7 tokens, max_completion_length 3');
});

/** Joins "n" and what follows: a seam that moves. */
const merging: TextTokenizer = {
  ...syntheticTokenizer,
  encode: (text, options) => syntheticTokenizer.encode(text.replace('b a', 'c'), options),
};

test('a seam that moves is shown on both sides', async () => {
  const row = { prompt: 'sort b', chosen: ' a b', rejected: ' a d' };
  const lines = asTokens(await inspect([row], 1, merging));
  expect(withoutFolder(lines)).toMatchInlineSnapshot(`
    "row 1 of pairs.jsonl, JSON

    prompt: 2 tokens, positions 0–1, only seen
      <s>|sort|
    chosen: 3 tokens, positions 2–4, trained on
      [c][b][</s>]
    rejected: 3 tokens, positions 2–4, trained on
      [c][d][</s>]

    in a batch: one row of 8 tokens, prompt | chosen | rejected; a completion sees the prompt and itself, and its positions continue the prompt’s
    start token <s> once; end token </s>: chosen last, rejected last
    prefix-mismatch, kept: the last 1 prompt tokens change before a completion

    the tokens of the prompt change before a completion, from token 2 on:
      the prompt alone    b
      before chosen       c|b|…
      before rejected     c|d|…
      the prompt above has 2 tokens (option prefix_mismatch says what is done; TRL cuts where they part)"
  `);
});

test('single completions, texts without a tokenizer, and bad rows', async () => {
  const single = await inspect([{ prompt: 'sort a =', completion: ' a' }], 1, syntheticTokenizer);
  expect(asTokens(single)).toContain('completion: 2 tokens, positions 4–5, trained on');
  const messages = [{ role: 'user', content: 'Hi\nthere' }];
  const chat = {
    prompt: messages,
    chosen: [{ role: 'assistant', content: 'A' }],
    rejected: [{ role: 'assistant', content: '' }],
  };
  expect(withoutFolder(plain(rowAsText(await inspect([chat], 1))))).toMatchInlineSnapshot(`
    "row 1 of pairs.jsonl, JSON

    prompt: 8 characters
      <user> Hi
      there
    chosen: 1 character
      <assistant> A
    rejected: 0 characters
      <assistant> 

    empty-completion, dropped: rejected empty"
  `);
  const bad = await inspect([pair, { prompt: 'x', rejected: 'y' }], 2, syntheticTokenizer);
  expect(asTokens(bad).at(-1)).toBe('bad-row, dropped: no "chosen" column');
  await expect(inspect([pair], 2)).rejects.toThrow('there is no row 2: the data has 1 rows.');
});

test('vocabularies of every kind name their tokens', () => {
  const added = [{ id: 2, content: '<end>', special: true }];
  const byScore = tokenStrings({
    model: {
      vocab: [
        ['<unk>', 0],
        ['▁a', -1.5],
      ],
    },
    added_tokens: added,
  });
  expect([0, 1, 2, 9].map((id) => byScore(id))).toEqual([
    { text: '<unk>', isSpecial: false },
    { text: '▁a', isSpecial: false },
    { text: '<end>', isSpecial: true },
    { text: '#9', isSpecial: false },
  ]);
});
