import { checkExample } from '../encode/encodeExample.ts';
import type { PreferenceExample } from '../formats/example.ts';
import { type Finding, isDropped, mergeFindings, type RowFinding } from '../report/finding.ts';
import type { DataConfig } from './config.ts';
import { exampleHash, promptHash } from './contentHash.ts';
import type { Part, SourceRows } from './sources.ts';
import { splitByPrompt } from './split.ts';

/** What was noticed about rows so far, by row number. */
export type FindingsByRow = Map<number, Finding[]>;

export function addFindings(findings: FindingsByRow, rowNumber: number, found: readonly Finding[]): void {
  if (found.length > 0) findings.set(rowNumber, [...(findings.get(rowNumber) ?? []), ...found]);
}

/** Checks texts alone, drops what is to be dropped, and adds to `findings`. */
function keepGoodExamples(
  examples: readonly PreferenceExample[],
  config: DataConfig,
  findings: FindingsByRow,
): PreferenceExample[] {
  const onDuplicate = config.drop_duplicates ? 'dropped' : 'kept';
  const seen = new Map<string, number>();
  return examples.filter((example) => {
    const found = checkExample(example, config);
    const hash = exampleHash(example);
    const earlier = seen.get(hash);
    if (earlier === undefined) seen.set(hash, example.rowNumber);
    else found.push({ kind: 'duplicate', action: onDuplicate, reason: `equals row ${earlier}` });
    addFindings(findings, example.rowNumber, found);
    return !isDropped(found);
  });
}

/** Evaluation files may hold prompts that are trained on: said, not repaired. */
function noteOverlap(
  train: readonly PreferenceExample[],
  held: readonly PreferenceExample[],
  findings: FindingsByRow,
): void {
  const trained = new Map(train.map((example) => [promptHash(example), example.rowNumber]));
  for (const example of held) {
    const row = trained.get(promptHash(example));
    if (row === undefined) continue;
    const reason = `its prompt is that of row ${row}`;
    addFindings(findings, example.rowNumber, [{ kind: 'eval-overlap', action: 'kept', reason }]);
  }
}

export function listFindings(bad: readonly RowFinding[], byRow: FindingsByRow): RowFinding[] {
  const found = [...byRow].flatMap(([rowNumber, list]) =>
    mergeFindings(list).map((finding) => ({ ...finding, rowNumber })),
  );
  return [...bad, ...found];
}

/**
 * The good examples of both parts, with what was noticed added to `findings`. Without evaluation rows of its own, the
 * training source gives some away.
 */
export function divide(
  source: SourceRows,
  config: DataConfig,
  findings: FindingsByRow,
): Record<Part, readonly PreferenceExample[]> {
  const train = keepGoodExamples(source.examples.train, config, findings);
  const held = keepGoodExamples(source.examples.eval, config, findings);
  if (config.synthetic === undefined && config.eval_files === undefined) {
    return splitByPrompt(train, config.eval_fraction, config.split_seed);
  }
  noteOverlap(train, held, findings);
  return { train, eval: held };
}
