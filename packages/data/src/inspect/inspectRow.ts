import type { EncodedRow } from '@tether/core';
import { commonPrefixLength } from '../encode/boundary.ts';
import { checkExample, encodeExample } from '../encode/encodeExample.ts';
import { tokenizePrompt, tokenizeWhole } from '../encode/tokenize.ts';
import type { TextTokenizer } from '../encode/tokenizer.ts';
import { type DataConfig } from '../dataset/config.ts';
import { instructionsAsMessages, type LoadOptions } from '../dataset/loadDataset.ts';
import { numberedRows, sourcesOf } from '../dataset/sources.ts';
import { DataError } from '../errors.ts';
import type { PreferenceExample } from '../formats/example.ts';
import { type Finding, mergeFindings } from '../report/finding.ts';

/** Where the tokens of prompt + completion leave those of the prompt alone. Ids from the first that differs on. */
export interface Seam {
  readonly shared: number; // tokens before it
  readonly promptAlone: readonly number[]; // the prompt's tokens that change
  /** Per completion, as many tokens of prompt + completion as change, and one more. */
  readonly before: readonly (readonly number[])[];
}

/** One row with everything that is known of it without looking at the others. */
export interface InspectedRow {
  readonly rowNumber: number; // in the run
  readonly source: { readonly name: string; readonly kind: string; readonly row: number };
  /** Missing for a row that does not have the expected form. */
  readonly example: PreferenceExample | undefined;
  readonly findings: readonly Finding[];
  /** The tokens that are trained on; missing without a tokenizer, and for a row that is dropped. */
  readonly encoded: EncodedRow | undefined;
  /** Missing where prompt and completion meet between two tokens. */
  readonly seam: Seam | undefined;
}

function seamOf({ prompt, completions }: PreferenceExample, tokenizer: TextTokenizer): Seam | undefined {
  const alone = tokenizePrompt(prompt, tokenizer);
  const wholes = completions.map((completion) => tokenizeWhole(prompt, completion, tokenizer));
  const shared = Math.min(...wholes.map((whole) => commonPrefixLength(alone, whole)));
  if (shared === alone.length) return undefined;
  const promptAlone = alone.slice(shared);
  return { shared, promptAlone, before: wholes.map((whole) => whole.slice(shared, shared + promptAlone.length + 1)) };
}

function withTokens(example: PreferenceExample, tokenizer: TextTokenizer | undefined, config: DataConfig) {
  const found = checkExample(example, config);
  if (tokenizer === undefined) return { findings: found, encoded: undefined, seam: undefined };
  const { row, findings } = encodeExample(example, tokenizer, config);
  const refused = findings.some(({ kind }) => kind === 'bad-row'); // by the chat template, which would refuse again
  return {
    findings: mergeFindings([...found, ...findings]),
    encoded: found.some(({ action }) => action === 'dropped') ? undefined : row,
    seam: refused ? undefined : seamOf(example, tokenizer),
  };
}

/**
 * Finds one row of the config's data by its number in the run, and tokenizes it as training does.
 * @throws DataError when there is no such row, or a file before it cannot be read.
 */
export async function inspectRow(
  config: DataConfig,
  rowNumber: number,
  tokenizer: TextTokenizer | undefined,
  { baseFolder = '.' }: Pick<LoadOptions, 'baseFolder'> = {},
): Promise<InspectedRow> {
  const asMessages = instructionsAsMessages(config, tokenizer);
  const sources = await sourcesOf({ config, baseFolder, instructionsAsMessages: asMessages });
  let rows = 0;
  let firstRow = 1;
  let current = sources[0];
  for await (const { source, parsed } of numberedRows(sources)) {
    if (source !== current) [current, firstRow] = [source, rows + 1];
    if (++rows !== rowNumber) continue;
    const at = { rowNumber, source: { name: source.name, kind: source.kind, row: rowNumber - firstRow + 1 } };
    if (parsed.ok) return { ...at, example: parsed.example, ...withTokens(parsed.example, tokenizer, config) };
    const findings: Finding[] = [{ kind: 'bad-row', action: 'dropped', reason: parsed.problem }];
    return { ...at, example: undefined, findings, encoded: undefined, seam: undefined };
  }
  throw new DataError(`there is no row ${rowNumber}: the data has ${rows} rows.`);
}
