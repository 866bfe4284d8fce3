import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadTokenizer } from './loadTokenizer.ts';
import type { ChatMessage, TextTokenizer } from './textTokenizer.ts';

/** What Python's tokenizers and transformers answer; made by tools/goldens/tokenizer.py. */
interface Golden {
  readonly rows: readonly {
    readonly text: string;
    readonly ids: number[];
    readonly idsWithSpecialTokens: number[];
    readonly decoded: string;
    readonly decodedWithoutSpecialTokens: string;
  }[];
  readonly decodings: readonly {
    readonly ids: number[];
    readonly decoded: string;
    readonly decodedWithoutSpecialTokens: string;
  }[];
}
interface ChatRow {
  readonly template: string;
  readonly chat: string;
  readonly messages: ChatMessage[];
  readonly addGenerationPrompt: boolean;
  readonly text?: string;
  readonly ids?: number[];
  readonly error?: string;
}

const read = async <T>(name: string): Promise<T> =>
  JSON.parse(await readFile(new URL(`../testdata/${name}`, import.meta.url), 'utf8')) as T;
const families = await read<readonly (Golden & { family: string; tokenizer: object })[]>('tokenizer-families.json');
const rendered = await read<{ templates: Record<string, string>; rows: ChatRow[] }>('tokenizer-templates.json');

async function loadFrom(files: Record<string, unknown>): Promise<TextTokenizer> {
  const folder = await mkdtemp(join(tmpdir(), 'tether-tokenizer-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, contents] of Object.entries(files)) {
    await writeFile(join(folder, name), typeof contents === 'string' ? contents : JSON.stringify(contents));
  }
  return loadTokenizer(folder);
}

/** Compares all answers as one value, so that a failure shows every text that differs. */
function expectGolden(tokenizer: TextTokenizer, golden: Golden): void {
  const { rows, decodings } = golden;
  expect(rows.length).toBeGreaterThan(60);
  expect(
    rows.map(({ text, ids, idsWithSpecialTokens }) => ({
      text,
      ids: tokenizer.encode(text, { addSpecialTokens: false }),
      idsWithSpecialTokens: tokenizer.encode(text),
      decoded: tokenizer.decode(ids),
      decodedWithoutSpecialTokens: tokenizer.decode(idsWithSpecialTokens, { skipSpecialTokens: true }),
    })),
  ).toEqual(rows);
  expect(
    decodings.map(({ ids }) => ({
      ids,
      decoded: tokenizer.decode(ids),
      decodedWithoutSpecialTokens: tokenizer.decode(ids, { skipSpecialTokens: true }),
    })),
  ).toEqual(decodings);
}

function expectChats(tokenizer: TextTokenizer, rows: readonly ChatRow[]): void {
  for (const { messages, addGenerationPrompt, text, ids, error } of rows) {
    const render = (): string => tokenizer.applyChatTemplate!(messages, { addGenerationPrompt });
    if (error !== undefined) expect(render).toThrow(error);
    else {
      expect(render()).toBe(text);
      expect(tokenizer.encode(render(), { addSpecialTokens: false })).toEqual(ids);
    }
  }
}

describe('the same ids and texts as the Rust tokenizers, for a tokenizer of each family:', () => {
  test.each(families)('$family', async (golden) => {
    expectGolden(await loadFrom({ 'tokenizer.json': golden.tokenizer }), golden);
  });
});

describe('the same chats as transformers, for a template with', () => {
  test.each(Object.keys(rendered.templates))('%s', async (name) => {
    const config = { bos_token: '<s>', eos_token: { content: '</s>' }, unk_token: '<unk>' };
    const tokenizer = await loadFrom({
      'tokenizer.json': families[0]!.tokenizer,
      'tokenizer_config.json': config,
      'chat_template.jinja': rendered.templates[name]!,
    });
    const rows = rendered.rows.filter(({ template }) => template === name);
    expect(rows.length).toBe(6);
    expectChats(tokenizer, rows);
  });
});

/** Model folders that are not part of the project: named by an environment variable, or lying beside it. */
const folders = [
  { model: 'stories260k', variable: 'TETHER_STORIES260K', beside: '../../../../../shared/data/stories260K' },
  { model: 'smollm2', variable: 'TETHER_SMOLLM2', beside: undefined },
  { model: 'gemma3', variable: 'TETHER_GEMMA3', beside: undefined },
];

function folderOf(variable: string, beside: string | undefined): string | undefined {
  const named = process.env[variable];
  if (named !== undefined || beside === undefined) return named;
  const path = fileURLToPath(new URL(beside, import.meta.url));
  return existsSync(path) ? path : undefined;
}

describe('the same answers as transformers, for the real tokenizer of', () => {
  test.for(folders)('$model', async ({ model, variable, beside }, { skip }) => {
    const folder = folderOf(variable, beside);
    if (folder === undefined) return skip(`no folder with the model ${model}; name it in ${variable}`);
    const tokenizer = await loadTokenizer(folder);
    const golden = await read<Golden & { chats?: ChatRow[]; tokens: Record<string, number | null> }>(
      `tokenizer-${model}.json`,
    );
    expectGolden(tokenizer, golden);
    expectChats(tokenizer, golden.chats ?? []);
    const { bosTokenId: bos, eosTokenId: eos, padTokenId: pad, vocabularySize } = tokenizer;
    expect({ bos, eos, pad, vocabularySize }).toEqual({ ...golden.tokens, pad: golden.tokens['pad'] ?? eos });
  });
});
