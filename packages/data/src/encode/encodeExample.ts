import type { EncodedRow } from '@tether/core';
import { BadRow } from '../errors.ts';
import { type PreferenceExample, plainText, sideNames } from '../formats/example.ts';
import { type Finding, isDropped } from '../report/finding.ts';
import { type SplitExample, splitAtBoundary, type TokenParts, withPromptToken } from './boundary.ts';
import type { EncodeOptions } from './config.ts';
import type { TextTokenizer } from './tokenizer.ts';
import { truncate } from './truncate.ts';

export interface EncodedExample {
  readonly row: EncodedRow | undefined; // undefined: the row is dropped
  readonly findings: readonly Finding[];
}

/** What the text alone shows, before any tokenizer: equal completions, empty ones, no prompt. */
export function checkExample(
  example: PreferenceExample,
  options: Pick<EncodeOptions, 'drop_identical_pairs' | 'drop_empty_completions'>,
): Finding[] {
  const findings: Finding[] = [];
  const texts = example.completions.map(plainText);
  if (areEqualTexts(example)) {
    const action = options.drop_identical_pairs ? 'dropped' : 'kept';
    findings.push({ kind: 'identical-pair', action, reason: 'chosen equals rejected' });
  }
  const empty = texts.flatMap((text, side) => (text.trim() === '' ? [side] : []));
  if (empty.length > 0) {
    const names = sideNames(example);
    const reason = `${empty.map((side) => names[side]).join(' and ')} empty`;
    findings.push({ kind: 'empty-completion', action: options.drop_empty_completions ? 'dropped' : 'kept', reason });
  }
  // a single text to continue from nothing is no fault
  if (isPreference(example) && plainText(example.prompt).trim() === '') {
    findings.push({ kind: 'empty-prompt', action: 'kept', reason: 'the prompt is empty' });
  }
  return findings;
}

const isPreference = ({ completions, label }: PreferenceExample): boolean =>
  completions.length === 2 || label !== undefined;

const areEqualTexts = ({ completions }: PreferenceExample): boolean =>
  completions.length === 2 && JSON.stringify(completions[0]) === JSON.stringify(completions[1]);

function areEqualTokens(completions: readonly number[][]): boolean {
  const [first, second] = completions;
  return (
    first !== undefined &&
    second !== undefined &&
    first.length === second.length &&
    first.every((id, i) => id === second[i])
  );
}

/**
 * Token ids of one example with everything that was noticed on the way: templates, the seam between prompt and
 * completion, the length limits. Call `checkExample` first for what the text alone shows.
 * @throws DataError for messages when the tokenizer has no chat template.
 */
export function encodeExample(
  example: PreferenceExample,
  tokenizer: TextTokenizer,
  options: EncodeOptions,
): EncodedExample {
  try {
    return encodeParts(example, splitAtBoundary(example, tokenizer, options.prefix_mismatch), tokenizer, options);
  } catch (error) {
    if (!(error instanceof BadRow)) throw error;
    return { row: undefined, findings: [{ kind: 'bad-row', action: 'dropped', reason: error.message }] };
  }
}

function encodeParts(
  example: PreferenceExample,
  split: SplitExample,
  tokenizer: TextTokenizer,
  options: EncodeOptions,
): EncodedExample {
  const findings: Finding[] = [];
  if (split.mismatchedTokens > 0) {
    const action = options.prefix_mismatch === 'drop' ? 'dropped' : 'kept';
    const reason = `the last ${split.mismatchedTokens} prompt tokens change before a completion`;
    findings.push({ kind: 'prefix-mismatch', action, reason });
  }
  if (split.completions.some(({ length }) => length === 0)) {
    findings.push({ kind: 'empty-completion', action: 'dropped', reason: 'a completion has no tokens' });
  }
  const started = withPromptToken(split, isPreference(example), tokenizer);
  if (started === undefined) {
    findings.push({ kind: 'empty-prompt', action: 'dropped', reason: 'no token stands before the completion' });
  }
  if (started === undefined || isDropped(findings)) return { row: undefined, findings };
  const { parts, findings: cuts } = truncate(started, options);
  findings.push(...cuts);
  if (parts === undefined) return { row: undefined, findings };
  // `checkExample` tells of equal texts
  if (areEqualTokens(parts.completions) && !areEqualTexts(example)) {
    const action = options.drop_identical_pairs ? 'dropped' : 'kept';
    const how = areEqualTokens(split.completions) ? 'in tokens' : 'once truncated';
    findings.push({ kind: 'identical-pair', action, reason: `chosen equals rejected ${how}` });
    if (action === 'dropped') return { row: undefined, findings };
  }
  return { row: toRow(example, parts), findings };
}

function toRow({ rowNumber, label }: PreferenceExample, { prompt, completions }: TokenParts): EncodedRow {
  return {
    rowNumber,
    prompt: Int32Array.from(prompt),
    completions: onItsSide(label, completions, []).map((completion) => Int32Array.from(completion)),
  };
}

/** Both sides of an unpaired row, by its label; completions of other rows as they are. */
export function onItsSide<Part>(
  label: boolean | undefined,
  completions: readonly Part[],
  absent: Part,
): readonly Part[] {
  if (label === undefined) return completions;
  return label ? [...completions, absent] : [absent, ...completions];
}
