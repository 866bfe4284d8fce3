import { z } from 'zod';

/** What of a `tokenizer.json` names its tokens: a vocabulary by token, or (Unigram) pairs of token and score in order. */
const tokenizerSchema = z.object({
  model: z.object({
    vocab: z.union([z.record(z.string(), z.number()), z.array(z.tuple([z.string(), z.number()]))]),
  }),
  added_tokens: z
    .array(z.object({ id: z.number(), content: z.string(), special: z.boolean().default(false) }))
    .default([]),
});

/** A token as the vocabulary has it: `▁once`, `Ġonce`, `<|im_end|>`. */
export interface TokenString {
  readonly text: string;
  readonly isSpecial: boolean;
}

/** The vocabulary's string of every token id. */
export function tokenStrings(tokenizerJson: unknown): (id: number) => TokenString {
  const { model, added_tokens: added } = tokenizerSchema.parse(tokenizerJson);
  const pairs: [string, number][] = Array.isArray(model.vocab)
    ? model.vocab.map(([token], id) => [token, id])
    : Object.entries(model.vocab);
  const known = new Map(pairs.map(([text, id]) => [id, { text, isSpecial: false }]));
  for (const { id, content, special } of added) known.set(id, { text: content, isSpecial: special });
  return (id) => known.get(id) ?? { text: `#${id}`, isSpecial: false };
}
