import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../errors.ts';
import { dataFormatSchema, type FormName } from './config.ts';
import { plainText } from './example.ts';
import type { ParseOptions } from './form.ts';
import { detectForm, parseRow } from './parseRow.ts';
import { readExamples, type ReadRow } from './readExamples.ts';

const { columns } = dataFormatSchema.parse({});
const options: ParseOptions = { columns, instructionsAsMessages: true };
const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

function parse(row: unknown, parseOptions = options) {
  const form = detectForm(row, parseOptions.columns);
  if (form === undefined) throw new Error('no form fits the row');
  const parsed = parseRow(row, 1, form, parseOptions);
  if (!parsed.ok) throw new Error(parsed.problem);
  return { form, prompt: parsed.example.prompt, completions: parsed.example.completions };
}

function problem(row: unknown, form: FormName): string {
  const parsed = parseRow(row, 1, form, options);
  if (parsed.ok) throw new Error('the row was accepted');
  return parsed.problem;
}

describe("TRL's forms", () => {
  it('explicit prompt, text', () => {
    expect(parse({ prompt: 'The sky is', chosen: ' blue.', rejected: ' green.' })).toEqual({
      form: 'trl',
      prompt: 'The sky is',
      completions: [' blue.', ' green.'],
    });
  });

  it('implicit prompt, text: the common beginning without its last space', () => {
    expect(parse({ chosen: 'The sky is blue.', rejected: 'The sky is green.' })).toMatchObject({
      prompt: 'The sky is',
      completions: [' blue.', ' green.'],
    });
  });

  it('implicit prompt, text: nothing is lost, and neither completion is swallowed', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ minLength: 1, unit: 'binary' }),
        fc.string({ minLength: 1 }),
        (start, a, b) => {
          const { prompt, completions } = parse({ chosen: start + a, rejected: start + b });
          expect(completions.map((completion) => `${plainText(prompt)}${plainText(completion)}`)).toEqual([
            start + a,
            start + b,
          ]);
          for (const completion of completions) expect(completion.length).toBeGreaterThan(0);
          expect(plainText(prompt)).not.toMatch(/[\uD800-\uDBFF]$/);
        },
      ),
    );
  });

  it('explicit prompt, messages', () => {
    const row = { prompt: [user('Hi')], chosen: [assistant('Hello')], rejected: [assistant('No')] };
    expect(parse(row)).toEqual({ form: 'trl', prompt: row.prompt, completions: [row.chosen, row.rejected] });
  });

  it('implicit prompt, messages: the shared first turns', () => {
    const turns = [user('Hi'), assistant('Hello'), user('Sky?')];
    const row = { chosen: [...turns, assistant('blue')], rejected: [...turns, assistant('green')] };
    expect(parse(row)).toMatchObject({ prompt: turns, completions: [[assistant('blue')], [assistant('green')]] });
  });

  it('a prompt in text beside conversations is a user turn, or is already their first turn', () => {
    const prompt = 'Hi';
    const bare = parse({ prompt, chosen: [assistant('Hello')], rejected: [assistant('No')] });
    const repeated = parse({
      prompt,
      chosen: [user('Hi'), assistant('Hello')],
      rejected: [user('Hi'), assistant('No')],
    });
    expect(bare.prompt).toEqual([user('Hi')]);
    expect(repeated).toEqual(bare);
  });

  it('identical conversations keep their last turn as completions', () => {
    const turns = [user('Hi'), assistant('Hello')];
    expect(parse({ chosen: turns, rejected: turns })).toMatchObject({
      completions: [[assistant('Hello')], [assistant('Hello')]],
    });
  });
});

describe('other forms', () => {
  it('ShareGPT pairs become messages', () => {
    const row = {
      system: 'Be kind.',
      conversations: [
        { from: 'human', value: 'Hi' },
        { from: 'gpt', value: 'Hello' },
        { from: 'human', value: 'Sky?' },
      ],
      chosen: { from: 'gpt', value: 'blue' },
      rejected: [{ from: 'gpt', value: 'green' }],
    };
    expect(parse(row)).toEqual({
      form: 'sharegpt',
      prompt: [{ role: 'system', content: 'Be kind.' }, user('Hi'), assistant('Hello'), user('Sky?')],
      completions: [[assistant('blue')], [assistant('green')]],
    });
  });

  it('instruction rows become messages, or text for a model without a chat template', () => {
    const row = { instruction: 'Sort.', input: 'b a', output: 'a b', chosen: 'a b', rejected: 'b a' };
    expect(parse(row)).toEqual({
      form: 'instruction',
      prompt: [user('Sort.\n\nb a')],
      completions: [[assistant('a b')], [assistant('b a')]],
    });
    const text = { columns, instructionsAsMessages: false };
    expect(parse(row, text)).toEqual({
      form: 'instruction',
      prompt: '### Instruction:\nSort.\n\n### Input:\nb a\n\n### Response:\n',
      completions: ['a b', 'b a'],
    });
    expect(parse({ ...row, input: '' }, text).prompt).toBe('### Instruction:\nSort.\n\n### Response:\n');
  });

  const hh = {
    chosen: '\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: Is it\nblue?\n\nAssistant: Yes: blue.',
    rejected: '\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: Is it\nblue?\n\nAssistant: No.',
  };

  it('transcripts become messages: the shared turns, then each side’s own', () => {
    expect(parse(hh)).toEqual({
      form: 'transcript',
      prompt: [user('Hi'), assistant('Hello.'), user('Is it\nblue?')],
      completions: [[assistant('Yes: blue.')], [assistant('No.')]],
    });
  });

  it('transcripts stay text for a model without a chat template, and no character is lost', () => {
    const parsed = parse(hh, { columns, instructionsAsMessages: false });
    expect(parsed.prompt).toBe('\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: Is it\nblue?\n\nAssistant:');
    expect(parsed.completions).toEqual([' Yes: blue.', ' No.']);
    const anySaid = fc.string({ unit: fc.constantFrom('a', ' ', '\n', ':', 'Human', 'é'), minLength: 1 });
    const asTranscript = (turns: readonly string[]) =>
      turns.map((said, index) => `\n\n${index % 2 === 0 ? 'Human' : 'Assistant'}: ${said}`).join('');
    fc.assert(
      fc.property(fc.array(anySaid, { minLength: 1, maxLength: 5 }), anySaid, anySaid, (turns, a, b) => {
        const shared = turns.length % 2 === 1 ? turns : turns.slice(1);
        const row = { chosen: asTranscript([...shared, a]), rejected: asTranscript([...shared, b]) };
        const { prompt, completions } = parse(row, { columns, instructionsAsMessages: false });
        expect(completions.map((side) => `${plainText(prompt)}${plainText(side)}`)).toEqual([row.chosen, row.rejected]);
      }),
    );
  });

  it('transcripts that part earlier keep the later turns in their completions', () => {
    const later = '\n\nHuman: More?\n\nAssistant: Yes.';
    const row = { chosen: `\n\nHuman: Hi\n\nAssistant: A${later}`, rejected: '\n\nHuman: Hi\n\nAssistant: B' };
    expect(parse(row).completions).toEqual([[assistant('A'), user('More?'), assistant('Yes.')], [assistant('B')]]);
    expect(parse(row, { columns, instructionsAsMessages: false }).completions).toEqual([` A${later}`, ' B']);
  });

  it('UltraFeedback binarized: conversations that repeat the prompt, with scores beside them', () => {
    const row = {
      prompt: 'Why?',
      prompt_id: 'x1',
      chosen: [user('Why?'), assistant('Because.')],
      rejected: [user('Why?'), assistant('So.')],
      messages: [user('Why?'), assistant('Because.')],
      score_chosen: 8.5,
      score_rejected: 4,
    };
    expect(parse(row)).toEqual({
      form: 'trl',
      prompt: [user('Why?')],
      completions: [[assistant('Because.')], [assistant('So.')]],
    });
  });

  it('single completions with a label: only desirable ones can be imitated', () => {
    const desirable = parseRow({ prompt: 'a', completion: ' b', label: true }, 1, 'completion', options);
    expect(desirable).toMatchObject({ ok: true, example: { completions: [' b'] } });
    expect(problem({ prompt: 'a', completion: ' b', label: false }, 'completion')).toContain('"label" is false');
    expect(parse({ text: 'a review', label: 0 })).toMatchObject({ completions: ['a review'] }); // a class, no preference
  });

  it.each([
    [true, true],
    [1, true],
    [false, false],
    [0n, false],
  ])('unpaired preferences, label %s', (given, label) => {
    const text = { prompt: 'a', completion: ' b', label: given };
    expect(detectForm(text, columns)).toBe('unpaired');
    expect(parseRow(text, 3, 'unpaired', options)).toEqual({
      ok: true,
      example: { rowNumber: 3, prompt: 'a', completions: [' b'], label },
    });
    const chat = { prompt: [user('Why?')], completion: [assistant('So.')], label: given };
    expect(parseRow(chat, 3, 'unpaired', options)).toMatchObject({
      example: { completions: [[assistant('So.')]], label },
    });
  });

  it('unpaired preferences: labels are never guessed', () => {
    expect(problem({ prompt: 'a', completion: ' b' }, 'unpaired')).toBe('no "label" column');
    expect(problem({ prompt: 'a', completion: ' b', label: 'yes' }, 'unpaired')).toContain("found 'yes'");
    expect(problem({ prompt: 'a', completion: ' b', label: 2 }, 'unpaired')).toContain(
      'must be true or false, found 2',
    );
    const missing = { prompt: 'a', completion: ' b', label: null };
    expect([detectForm(missing, columns), problem(missing, 'unpaired')]).toEqual(['unpaired', '"label" is null']);
    expect(detectForm({ prompt: 'a', completion: ' b', label: 'praise' }, columns)).toBe('completion'); // a class
  });

  it('single completions: prompt and completion, or plain text', () => {
    expect(parse({ prompt: 'a', completion: ' b' })).toEqual({ form: 'completion', prompt: 'a', completions: [' b'] });
    expect(parse({ text: 'a b' })).toEqual({ form: 'completion', prompt: '', completions: ['a b'] });
  });

  it('columns may have other names', () => {
    const renamed = dataFormatSchema.parse({
      columns: { prompt: 'question', chosen: 'good', rejected: 'bad' },
    }).columns;
    const row = { question: 'q', good: 'g', bad: 'b', chosen: 'not this' };
    expect(parse(row, { ...options, columns: renamed })).toMatchObject({ prompt: 'q', completions: ['g', 'b'] });
  });
});

describe('a bad row says what is wrong with it', () => {
  it.each<[FormName, unknown, string]>([
    ['trl', { prompt: 'a', rejected: 'b' }, 'no "chosen" column'],
    ['trl', { prompt: 'a', chosen: null, rejected: 'b' }, '"chosen" is null'],
    ['trl', { prompt: 'a', chosen: 3, rejected: 'b' }, '"chosen" must be text or a list of messages, found a number'],
    ['trl', { prompt: 'a', chosen: [], rejected: 'b' }, '"chosen" has no messages'],
    ['trl', { prompt: 'a', chosen: [{ role: 'user' }], rejected: 'b' }, 'message 1 of "chosen" has no text content'],
    [
      'trl',
      { prompt: [user('a')], chosen: 'x', rejected: 'y' },
      '"prompt", "chosen" and "rejected" must be all text or all messages',
    ],
    ['trl', { chosen: 'x', rejected: [user('y')] }, '"chosen" and "rejected" must be both text or both messages'],
    [
      'trl',
      { chosen: [user('x'), assistant('a')], rejected: [user('y'), assistant('a')] },
      'the conversations share no first message',
    ],
    ['trl', ['a'], 'not an object with columns'],
    [
      'sharegpt',
      { conversations: [{ from: 'robot', value: 'x' }], chosen: {}, rejected: {} },
      'turn 1 of "conversations" has an unknown "from": "robot"',
    ],
    [
      'sharegpt',
      { conversations: [{ from: 'human', value: 'x' }], chosen: { from: 'gpt' }, rejected: {} },
      '"chosen" has no text "value"',
    ],
    ['instruction', { instruction: 'a', input: 7, chosen: 'b', rejected: 'c' }, '"input" must be text, found a number'],
    ['completion', { completion: 'b' }, 'no "prompt" column'],
    [
      'transcript',
      { chosen: 'Hi', rejected: '\n\nHuman: a\n\nAssistant: b' },
      '"chosen" must begin with "Human:" or "Assistant:", found "Hi"',
    ],
    [
      'transcript',
      { chosen: '\n\nHuman: a\n\nAssistant: b', rejected: '\n\nHuman: c\n\nAssistant: b' },
      'the transcripts share no first turn',
    ],
    [
      'transcript',
      { chosen: 'Human: a\n\nAssistant: b\n\nHuman: c', rejected: 'Human: a\n\nAssistant: b\n\nHuman: d' },
      'the transcripts part at a turn of the human ("chosen", turn 3)',
    ],
  ])('%s %j', (form, row, message) => {
    expect(problem(row, form)).toContain(message);
  });
});

describe('reading a file of rows', () => {
  async function* rowsOf(...values: unknown[]) {
    for (const [index, value] of values.entries()) yield { rowNumber: index + 1, line: index + 1, value };
  }
  async function readAll(format: 'auto' | FormName, ...values: unknown[]) {
    const read: ReadRow[] = [];
    for await (const row of readExamples('f.json', rowsOf(...values), format, options)) read.push(row);
    return read;
  }
  const good = { prompt: 'a', chosen: 'b', rejected: 'c' };

  it('takes the form of the first row that fits one; rows before it are judged by that form', async () => {
    const rows = await readAll('auto', { prompt: 'a', rejected: 'c' }, good, { text: 'x' });
    expect(rows.map(({ parsed }) => (parsed.ok ? 'ok' : parsed.problem))).toEqual([
      'no "chosen" column',
      'ok',
      'no "chosen" column',
    ]);
  });

  it('names the columns it found when no form fits', async () => {
    const read = readAll('auto', { question: 1 }, { answer: 2 });
    await expect(read).rejects.toThrow(DataError);
    await expect(read).rejects.toThrow(
      /f\.json: no row has a known form; its columns are question, answer\.\nKnown forms: chosen \+ rejected/,
    );
    await expect(readAll('auto', { question: 1 })).rejects.toThrow(
      /otherwise: --column chosen=NAME \(tether data\), or in a config data\.columns: \{ chosen: NAME \}\.$/,
    );
  });
});
