import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseModelConfig } from '../config/index.ts';
import { loadTokenizer } from './loadTokenizer.ts';
import { checkTokenizerFits, specialTokenIds } from './modelFit.ts';
import type { TextTokenizer } from './textTokenizer.ts';

const url = new URL('../testdata/tokenizer-families.json', import.meta.url);
const families = JSON.parse(await readFile(url, 'utf8')) as { family: string; tokenizer: Record<string, unknown> }[];
const byteLevel = families.find(({ family }) => family.startsWith('byte-level BPE, GPT-2'))!.tokenizer;
const withBegin = families.find(({ family }) => family.startsWith('SentencePiece BPE with'))!.tokenizer;
const unigram = families.find(({ family }) => family === 'Unigram')!.tokenizer;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tether-tokenizer-'));
  return () => rm(folder, { recursive: true });
});

async function load(files: Record<string, unknown>): Promise<TextTokenizer> {
  for (const [name, contents] of Object.entries(files)) {
    await writeFile(join(folder, name), typeof contents === 'string' ? contents : JSON.stringify(contents));
  }
  return loadTokenizer(folder);
}

const modelOf = (vocabSize: number, more: object = {}): ReturnType<typeof parseModelConfig> =>
  parseModelConfig({
    model_type: 'llama',
    vocab_size: vocabSize,
    hidden_size: 8,
    intermediate_size: 8,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    ...more,
  });

describe('special tokens', () => {
  test('come from tokenizer_config.json, as text or as objects', async () => {
    const config = { bos_token: '<s>', eos_token: { content: '</s>', special: true }, pad_token: '<unk>' };
    const tokenizer = await load({ 'tokenizer.json': byteLevel, 'tokenizer_config.json': config });
    expect(tokenizer).toMatchObject({ bosTokenId: 1, eosTokenId: 2, padTokenId: 0, addsBos: false, addsEos: false });
  });

  test('come from special_tokens_map.json where the config has none; padding falls back to the end token', async () => {
    const map = { bos_token: '<s>', eos_token: '</s>' };
    const tokenizer = await load({
      'tokenizer.json': withBegin,
      'tokenizer_config.json': { bos_token: null },
      'special_tokens_map.json': map,
    });
    expect(tokenizer).toMatchObject({ bosTokenId: 1, eosTokenId: 2, padTokenId: 2, addsBos: true, addsEos: false });
  });

  test('are unknown without either file, and the end token may be added by the tokenizer', async () => {
    expect(await load({ 'tokenizer.json': byteLevel })).toMatchObject({
      bosTokenId: undefined,
      eosTokenId: undefined,
      padTokenId: 0,
    });
    const tokenizer = await load({ 'tokenizer.json': unigram, 'tokenizer_config.json': { eos_token: '</s>' } });
    expect(tokenizer).toMatchObject({ addsBos: false, addsEos: true });
  });

  test('of tokenizer and model end a generation together', async () => {
    const tokenizer = await load({
      'tokenizer.json': byteLevel,
      'tokenizer_config.json': { eos_token: '</s>', bos_token: '<s>' },
    });
    expect(specialTokenIds(tokenizer, modelOf(420, { eos_token_id: [3, 2] }))).toEqual({
      bos: 1,
      endOfText: [2, 3],
      padding: 2,
    });
  });
});

test('ids of any length decode, none among them; ids without a token are passed over', async () => {
  const tokenizer = await load({ 'tokenizer.json': withBegin });
  expect(tokenizer.decode([])).toBe('');
  expect(tokenizer.decode([9999])).toBe('');
  const ids = tokenizer.encode('Once upon', { addSpecialTokens: false });
  expect(tokenizer.decode(Int32Array.from([9999, ...ids]))).toBe('Once upon');
});

test('a tokenizer with more ids than the model has embeddings is refused, naming both', async () => {
  const tokenizer = await load({ 'tokenizer.json': byteLevel });
  expect(tokenizer.vocabularySize).toBe(420);
  checkTokenizerFits(tokenizer, modelOf(420), folder);
  checkTokenizerFits(tokenizer, modelOf(512), folder); // a padded embedding is common
  expect(() => checkTokenizerFits(tokenizer, modelOf(419), folder)).toThrow(
    /its ids go up to 419, but the model's vocab_size is 419/,
  );
});

describe('chat templates', () => {
  const chat = [{ role: 'user', content: 'Hi' }];

  test('come from chat_template.jinja before tokenizer_config.json; of a list, the default one', async () => {
    const list = [
      { name: 'tool_use', template: 'TOOLS' },
      { name: 'default', template: 'D:{{ messages[0].content }}' },
    ];
    const files = { 'tokenizer.json': byteLevel, 'tokenizer_config.json': { chat_template: list } };
    expect((await load(files)).applyChatTemplate!(chat)).toBe('D:Hi');
    expect((await load({ ...files, 'tokenizer_config.json': { chat_template: 'S' } })).applyChatTemplate!(chat)).toBe(
      'S',
    );
    expect((await load({ ...files, 'chat_template.jinja': 'J' })).applyChatTemplate!(chat)).toBe('J');
  });

  test('are absent where the folder has none', async () => {
    expect((await load({ 'tokenizer.json': byteLevel })).applyChatTemplate).toBeUndefined();
  });

  test('take further variables', async () => {
    const tokenizer = await load({
      'tokenizer.json': byteLevel,
      'chat_template.jinja': '{{ date_string or "no date" }}',
    });
    expect(tokenizer.applyChatTemplate!(chat)).toBe('no date');
    expect(tokenizer.applyChatTemplate!(chat, { variables: { date_string: '1 May' } })).toBe('1 May');
  });

  test('that are malformed are an error only when asked for, naming the folder', async () => {
    const tokenizer = await load({ 'tokenizer.json': byteLevel, 'chat_template.jinja': '{% for m in %}' });
    expect(() => tokenizer.applyChatTemplate!(chat)).toThrow(
      `${folder}: its chat template cannot render the conversation`,
    );
  });
});

describe('a folder that cannot be used says which file and why:', () => {
  const cases: [what: string, files: Record<string, unknown>, message: RegExp][] = [
    ['no tokenizer.json', {}, /tokenizer\.json: there is no such file; transformers writes it/],
    ['broken JSON', { 'tokenizer.json': '{"model": ' }, /tokenizer\.json: it is not valid JSON/],
    ['no model in it', { 'tokenizer.json': {} }, /tokenizer\.json: model: /],
    [
      'a model of no known kind',
      { 'tokenizer.json': { model: { type: 'Mystery' } } },
      /tokenizer\.json: it cannot be used: .*Mystery/,
    ],
    [
      'a bad config',
      { 'tokenizer.json': byteLevel, 'tokenizer_config.json': { eos_token: 3 } },
      /tokenizer_config\.json: eos_token: /,
    ],
  ];
  test.each(cases)('%s', async (_, files, message) => {
    await expect(load(files)).rejects.toThrow(message);
  });
});
