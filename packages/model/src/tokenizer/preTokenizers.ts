/**
 * Pre-tokenizers as the Rust tokenizers split, for the ones that the JavaScript package splits otherwise: its own patterns
 * take JavaScript's white space, words and digits for Unicode's (a byte order mark, "next line", Arabic digits), and it
 * knows two of the ways in which a text is split at a pattern. Its `Split` with a pattern is right, so all become that.
 */

/** A part of tokenizer.json: a `type` and options. */
type Part = Readonly<Record<string, unknown>>;

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null && 'type' in value;

/** GPT-2's split (Radford et al. 2019): contractions, words, numbers and other characters, each with one space before. */
const GPT2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+`;

/** Unicode's word characters (UTS 18, annex C), which Rust's `\\w` stands for. */
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d';

/** Pieces that match `regex`; what lies between them is dropped. */
const pieces = (regex: string): Part => ({
  type: 'Split',
  pattern: { Regex: regex },
  behavior: 'Removed',
  invert: true,
});
/** Pieces that match `regex`, and what lies between them. */
const isolated = (regex: string): Part => ({
  type: 'Split',
  pattern: { Regex: regex },
  behavior: 'Isolated',
  invert: false,
});

/** Anything but the start of a match. */
const until = (regex: string): string => `(?:(?!${regex})[\\s\\S])`;

/** How the pieces of a text look that is split at `regex`, for each way of treating the separators. */
const BEHAVIORS: Readonly<Record<string, (regex: string) => Part>> = {
  Isolated: isolated,
  Contiguous: (regex) => isolated(`(?:${regex})+`),
  MergedWithPrevious: (regex) => pieces(`${until(regex)}*(?:${regex})|${until(regex)}+`),
  MergedWithNext: (regex) => pieces(`(?:${regex})${until(regex)}*|${until(regex)}+`),
};

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

function regexOf(pattern: unknown): string | undefined {
  const { Regex: regex, String: text } = pattern as { Regex?: string; String?: string };
  return regex ?? (text === undefined ? undefined : literal(text));
}

function split(part: Part): Part {
  const behavior = BEHAVIORS[String(part['behavior'])];
  const regex = regexOf(part['pattern']);
  // Removed separators, and patterns that say what to keep, are right as they are.
  return behavior === undefined || regex === undefined || part['invert'] === true ? part : behavior(`(?:${regex})`);
}

/** A prefix space comes before the split, which two steps cannot do, so such a part stays as it is. */
const byteLevel = (part: Part): Part =>
  part['use_regex'] === false || part['add_prefix_space'] === true
    ? part
    : { type: 'Sequence', pretokenizers: [isolated(GPT2), { ...part, use_regex: false }] };

const REPLACEMENTS: Readonly<Record<string, (part: Part) => Part>> = {
  Sequence: (part) => ({ ...part, pretokenizers: (part['pretokenizers'] as unknown[]).map(exactPreTokenizer) }),
  Split: split,
  ByteLevel: byteLevel,
  WhitespaceSplit: () => pieces('\\S+'),
  Whitespace: () => pieces(`[${WORD}]+|[^${WORD}\\s]+`),
  Digits: (part) => isolated(part['individual_digits'] === true ? '\\p{N}' : '\\p{N}+'),
};

/** The `pre_tokenizer` of a tokenizer.json, or an equal one that the JavaScript package splits by as the Rust one does. */
export function exactPreTokenizer(part: unknown): unknown {
  return isPart(part) ? (REPLACEMENTS[String(part['type'])]?.(part) ?? part) : part;
}
