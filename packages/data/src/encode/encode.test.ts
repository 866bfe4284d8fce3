import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../errors.ts';
import type { Message, PreferenceExample } from '../formats/example.ts';
import { type EncodeOptions, encodeSchema } from './config.ts';
import { checkExample, encodeExample } from './encodeExample.ts';
import { tokenizePrompt } from './tokenize.ts';
import type { TextTokenizer } from './tokenizer.ts';
import { truncate } from './truncate.ts';

/** Longest match first: special tokens, the merged token "ab", single characters. Ids are places in this list. */
const TOKENS = ['<pad>', '<s>', '</s>', '<user>', '<assistant>', '<end>', 'ab', ...Array.from('abcdefgh \n')];

function split(text: string): number[] {
  const ids: number[] = [];
  for (let at = 0; at < text.length; at += TOKENS[ids.at(-1)!]!.length) {
    const id = TOKENS.findIndex((token) => text.startsWith(token, at));
    if (id < 0) throw new Error(`no token for ${JSON.stringify(text.slice(at))}`);
    ids.push(id);
  }
  return ids;
}

const base = {
  decode: (ids: readonly number[]) => ids.map((id) => TOKENS[id]).join(''),
  bosTokenId: 1,
  eosTokenId: 2,
  padTokenId: 0,
  vocabularySize: TOKENS.length,
};

/** Adds a start token to texts; its chat template writes one too. */
const tokenizer: TextTokenizer = {
  ...base,
  encode: (text, options) => [...(options?.addSpecialTokens === false ? [] : [1]), ...split(text)],
  applyChatTemplate: (messages, { addGenerationPrompt }) =>
    `<s>${messages.map(({ role, content }) => `<${role}>${content}<end>`).join('')}${addGenerationPrompt ? '<assistant>' : ''}`,
};
/** Adds nothing, and has no chat template. */
const bare: TextTokenizer = { ...base, bosTokenId: undefined, encode: split };

const options = encodeSchema.parse({});
const pair = (prompt: string, chosen: string, rejected: string): PreferenceExample => ({
  rowNumber: 5,
  prompt,
  completions: [chosen, rejected],
});
const say = (role: string, content: string): Message => ({ role, content });

/** Tokens of a row as text pieces, so that tests read like texts. */
function encoded(example: PreferenceExample, own: TextTokenizer = tokenizer, changed: Partial<EncodeOptions> = {}) {
  const { row, findings } = encodeExample(example, own, { ...options, ...changed });
  const pieces = (ids: Int32Array) => Array.from(ids, (id) => TOKENS[id]).join('|');
  return {
    prompt: row && pieces(row.prompt),
    completions: row?.completions.map(pieces),
    findings: findings.map(({ kind, action }) => `${kind} ${action}`),
  };
}

describe('text', () => {
  it('gets the start token once and one end token per completion', () => {
    expect(encoded(pair('c d', ' e', ' f</s>'))).toEqual({
      prompt: '<s>|c| |d',
      completions: [' |e|</s>', ' |f|</s>'],
      findings: [],
    });
    expect(encoded(pair('<s>c', 'd', 'e')).prompt).toBe('<s>|c');
    expect(encoded(pair('c', 'd', 'e'), bare)).toMatchObject({ prompt: 'c', completions: ['d|</s>', 'e|</s>'] });
  });

  it('from a tokenizer that closes every text keeps its prompt open', () => {
    const closing: TextTokenizer = {
      ...bare,
      encode: (text, own) => [...split(text), ...(own?.addSpecialTokens === false ? [] : [2])],
    };
    expect(encoded(pair('c', 'd', 'e'), closing)).toEqual({
      prompt: 'c',
      completions: ['d|</s>', 'e|</s>'],
      findings: [],
    });
    expect(encoded(pair('c</s>', 'd', 'e'), closing).prompt).toBe('c|</s>');
  });

  it('whose tokens merge across the seam starts its completion where the tokens part, and is counted', () => {
    expect(encoded(pair('ca', 'bd', 'ed'))).toEqual({
      prompt: '<s>|c',
      completions: ['ab|d|</s>', 'a|e|d|</s>'],
      findings: ['prefix-mismatch kept'],
    });
  });

  it('can be tokenized separately there, or dropped', () => {
    const example = pair('ca', 'bd', 'ed');
    expect(encoded(example, tokenizer, { prefix_mismatch: 'separate' })).toEqual({
      prompt: '<s>|c|a',
      completions: ['b|d|</s>', 'e|d|</s>'],
      findings: ['prefix-mismatch kept'],
    });
    expect(encoded(example, tokenizer, { prefix_mismatch: 'drop' })).toEqual({
      prompt: undefined,
      completions: undefined,
      findings: ['prefix-mismatch dropped'],
    });
  });

  it('reads back as prompt + completion whatever the seam', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from('abc ')) });
    fc.assert(
      fc.property(text, text, text, (prompt, chosen, rejected) => {
        const { row } = encodeExample(pair(prompt, chosen, rejected), tokenizer, options);
        if (row === undefined) throw new Error('a row within the limits was dropped');
        const texts = row.completions.map((ids) => tokenizer.decode([...row.prompt, ...ids]));
        expect(texts).toEqual([`<s>${prompt}${chosen}</s>`, `<s>${prompt}${rejected}</s>`]);
      }),
    );
  });

  it('without a prompt still has a token to predict the first one from', () => {
    expect(encoded(pair('', 'c', 'd'), bare)).toMatchObject({ prompt: '</s>', completions: ['c|</s>', 'd|</s>'] });
    const single = { rowNumber: 1, prompt: '', completions: ['cd'] };
    expect(encoded(single)).toMatchObject({ prompt: '<s>', completions: ['c|d|</s>'] });
    expect(encoded(single, bare)).toMatchObject({ prompt: 'c', completions: ['d|</s>'] });
    const nothing = { ...bare, eosTokenId: undefined };
    expect(encoded(pair('', 'c', 'd'), nothing).findings).toEqual(['empty-prompt dropped']);
    expect(encoded(pair('c', '', 'd'), nothing).findings).toEqual(['empty-completion dropped']);
  });
});

describe('messages', () => {
  const example = {
    rowNumber: 1,
    prompt: [say('user', 'c')],
    completions: [[say('assistant', 'd')], [say('assistant', 'e')]],
  };

  it('go through the chat template: the prompt with the generation prompt, the completion as what follows', () => {
    expect(encoded(example)).toEqual({
      prompt: '<s>|<user>|c|<end>|<assistant>',
      completions: ['d|<end>', 'e|<end>'],
      findings: [],
    });
  });

  it('get one start token, even from a tokenizer that always adds its own', () => {
    const eager: TextTokenizer = { ...tokenizer, encode: (text) => [1, ...split(text)] };
    expect(encoded(example, eager)).toEqual(encoded(example));
  });

  it('whose template renders the prompt differently with an answer are cut where they part', () => {
    const thinking: TextTokenizer = {
      ...tokenizer,
      applyChatTemplate: (messages, { addGenerationPrompt }) =>
        tokenizer.applyChatTemplate!(messages, { addGenerationPrompt }) + (addGenerationPrompt ? 'hh' : ''),
    };
    expect(encoded(example, thinking)).toEqual({
      prompt: '<s>|<user>|c|<end>|<assistant>',
      completions: ['d|<end>', 'e|<end>'],
      findings: ['prefix-mismatch kept'],
    });
  });

  it('need a chat template', () => {
    expect(() => encodeExample(example, bare, options)).toThrow(DataError);
    expect(() => tokenizePrompt(example.prompt, bare)).toThrow(/no chat template/);
  });
});

describe('what the text alone shows', () => {
  const kinds = (example: PreferenceExample) =>
    checkExample(example, options).map(({ kind, action }) => `${kind} ${action}`);

  it.each([
    [pair('a', 'b', 'c'), []],
    [pair('a', 'b', 'b'), ['identical-pair dropped']],
    [pair('a', ' \n', 'b'), ['empty-completion dropped']],
    [pair('a', '', ''), ['identical-pair dropped', 'empty-completion dropped']],
    [pair(' ', 'b', 'c'), ['empty-prompt kept']],
    [{ rowNumber: 1, prompt: '', completions: ['text'] }, []],
    [{ rowNumber: 1, prompt: [say('user', 'a')], completions: [[say('assistant', '')]] }, ['empty-completion dropped']],
  ])('%j: %j', (example, expected) => {
    expect(kinds(example)).toEqual(expected);
  });

  it('is kept where the options say so', () => {
    const keep = { drop_identical_pairs: false, drop_empty_completions: false };
    expect(checkExample(pair('a', '', ''), keep).map(({ action }) => action)).toEqual(['kept', 'kept']);
  });
});

describe('pairs that are equal in tokens only', () => {
  /** Normalizes as many tokenizers do, so that unlike texts have the same tokens. */
  const normalizing: TextTokenizer = {
    ...tokenizer,
    encode: (text, own) => tokenizer.encode(text.normalize('NFKC'), own),
  };
  const cases = [
    ['one with its end token written out', pair('c', 'd', 'd</s>'), tokenizer],
    ['one in other characters of the same meaning', pair('c', 'd', '\uFF44'), normalizing],
  ] as const;

  it.each(cases)('are dropped as identical ones: %s', (_, example, own) => {
    expect(checkExample(example, options)).toEqual([]);
    expect(encodeExample(example, own, options)).toEqual({
      row: undefined,
      findings: [{ kind: 'identical-pair', action: 'dropped', reason: 'chosen equals rejected in tokens' }],
    });
  });

  it('are kept where the options say so, and counted', () => {
    const kept = encoded(pair('c', 'd', 'd</s>'), tokenizer, { drop_identical_pairs: false });
    expect(kept).toEqual({ prompt: '<s>|c', completions: ['d|</s>', 'd|</s>'], findings: ['identical-pair kept'] });
  });

  it('are told of once where their texts are equal too: by the check of the texts', () => {
    expect(encoded(pair('c', 'd', 'd')).findings).toEqual([]);
  });
});

describe('length limits', () => {
  const parts = { prompt: [1, 2, 3, 4, 5, 6], completions: [[7, 8, 9, 10], [11]] };
  const cut = (limits: Partial<EncodeOptions>) => {
    const { parts: left, findings } = truncate(parts, { ...options, ...limits });
    return [left?.prompt, left?.completions, findings.map(({ kind, action }) => `${kind} ${action}`)];
  };

  it('keep_start cuts completions at their end', () => {
    expect(cut({ max_length: 8 })).toEqual([parts.prompt, [[7, 8], [11]], ['long-completion truncated']]);
  });

  it('keep_end cuts the prompt at its start, the same for both sides', () => {
    expect(cut({ max_length: 8, truncation_mode: 'keep_end' })).toEqual([
      [3, 4, 5, 6],
      parts.completions,
      ['long-prompt truncated'],
    ]);
  });

  it('keep_end drops a row whose completion leaves no room for any prompt', () => {
    expect(cut({ max_length: 4, truncation_mode: 'keep_end' })).toEqual([
      undefined,
      undefined,
      ['long-completion dropped'],
    ]);
  });

  it('a prompt that fills max_length is dropped, or cut to half of it', () => {
    expect(cut({ max_length: 6 })).toEqual([undefined, undefined, ['long-prompt dropped']]);
    expect(cut({ max_length: 6, on_long_prompt: 'truncate' })).toEqual([
      [4, 5, 6],
      [[7, 8, 9], [11]],
      ['long-prompt truncated', 'long-completion truncated'],
    ]);
  });

  it('prompts keep their end and completions their start under limits of their own', () => {
    expect(cut({ max_prompt_length: 2 })).toEqual([undefined, undefined, ['long-prompt dropped']]);
    expect(cut({ max_prompt_length: 2, on_long_prompt: 'truncate', max_completion_length: 3 })).toEqual([
      [5, 6],
      [[7, 8, 9], [11]],
      ['long-prompt truncated', 'long-completion truncated'],
    ]);
  });

  it('hold for any row and any limits, and every cut is said', () => {
    const limit = (min: number) => fc.option(fc.integer({ min, max: 12 }), { nil: null });
    const ids = (minLength: number) => fc.array(fc.nat(9), { minLength, maxLength: 15 });
    const limits = fc.record({
      max_length: limit(2),
      max_prompt_length: limit(1),
      max_completion_length: limit(1),
      truncation_mode: fc.constantFrom<EncodeOptions['truncation_mode']>('keep_start', 'keep_end'),
      on_long_prompt: fc.constantFrom<EncodeOptions['on_long_prompt']>('drop', 'truncate'),
    });
    fc.assert(
      fc.property(ids(1), fc.array(ids(1), { minLength: 1, maxLength: 2 }), limits, (prompt, completions, own) => {
        const { parts: left, findings } = truncate({ prompt, completions }, own);
        if (left === undefined) {
          expect(findings.map(({ action }) => action)).toContain('dropped');
          return;
        }
        const within = (length: number, most: number | null) => expect(length).toBeLessThanOrEqual(most ?? Infinity);
        within(left.prompt.length, own.max_prompt_length);
        for (const completion of left.completions) {
          within(completion.length, own.max_completion_length);
          within(left.prompt.length + completion.length, own.max_length);
          expect(completion.length).toBeGreaterThan(0);
        }
        expect(left.prompt.length).toBeGreaterThan(0);
        const changed = JSON.stringify(left) !== JSON.stringify({ prompt, completions });
        expect(findings.length > 0).toBe(changed);
      }),
    );
  });

  it('that make a pair identical drop it', () => {
    expect(encoded(pair('c', 'dde', 'ddf'), tokenizer, { max_completion_length: 2 }).findings).toEqual([
      'long-completion truncated',
      'identical-pair dropped',
    ]);
  });
});
