import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { findGguf } from '../gguf/index.ts';
import { TokenizerError } from './errors.ts';

/** A special token in tokenizer_config.json: its text, or an object with it. */
const token = z
  .union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
  .nullish()
  .transform((text) => text ?? undefined);

const specialTokens = {
  bos_token: token,
  eos_token: token,
  pad_token: token,
  unk_token: token,
  sep_token: token,
  cls_token: token,
  mask_token: token,
};

const configSchema = z.object({
  ...specialTokens,
  chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish(),
  clean_up_tokenization_spaces: z.boolean().nullish(),
});

export type SpecialTokens = { readonly [K in keyof typeof specialTokens]: string | undefined };

const tokenizerSchema = z.looseObject({
  model: z.looseObject({ type: z.string().optional(), unk_token: z.string().nullish() }),
  added_tokens: z.array(z.looseObject({ id: z.number().int(), content: z.string() })).nullish(),
});

/** What the files of a tokenizer say, checked as far as this package reads it. */
export interface TokenizerFiles {
  readonly path: string; // of tokenizer.json
  readonly tokenizer: z.output<typeof tokenizerSchema>;
  readonly specialTokens: SpecialTokens;
  readonly chatTemplate: string | undefined;
  readonly cleansUpSpaces: boolean;
}

/** Reads tokenizer.json, tokenizer_config.json, special_tokens_map.json and chat_template.jinja. Throws TokenizerError. */
export async function readFiles(folder: string): Promise<TokenizerFiles> {
  const path = join(folder, 'tokenizer.json');
  const tokenizer = await readJson(path, tokenizerSchema);
  if (tokenizer === undefined) {
    const gguf = await findGguf(folder);
    const from = gguf === undefined ? 'folder' : `folder, gguf_file=${JSON.stringify(basename(gguf))}`;
    throw new TokenizerError(
      path,
      `there is no such file; transformers writes it: AutoTokenizer.from_pretrained(${from}).save_pretrained(folder)`,
    );
  }
  const config = (await readJson(join(folder, 'tokenizer_config.json'), configSchema)) ?? configSchema.parse({});
  // Older folders keep the special tokens in a file of their own.
  const map = (await readJson(join(folder, 'special_tokens_map.json'), z.object(specialTokens))) ?? {};
  const names = Object.keys(specialTokens) as (keyof SpecialTokens)[];
  return {
    path,
    tokenizer,
    specialTokens: Object.fromEntries(
      names.map((name) => [name, config[name] ?? (map as Partial<SpecialTokens>)[name]]),
    ) as SpecialTokens,
    chatTemplate: (await readText(join(folder, 'chat_template.jinja'))) ?? defaultTemplate(config.chat_template),
    cleansUpSpaces: config.clean_up_tokenization_spaces ?? false,
  };
}

/** Of a named list, the one called "default" is for plain conversations. */
function defaultTemplate(given: z.output<typeof configSchema>['chat_template']): string | undefined {
  if (typeof given === 'string') return given;
  return given?.find(({ name }) => name === 'default')?.template;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new TokenizerError(path, `cannot be read: ${(cause as Error).message}`, { cause });
  }
}

async function readJson<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T> | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TokenizerError(path, `it is not valid JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new TokenizerError(path, problems.join('; '));
}
