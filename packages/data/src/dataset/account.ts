import { DataError } from '../errors.ts';
import type { PreferenceExample } from '../formats/example.ts';
import { type Finding, isDropped, mergeFindings } from '../report/finding.ts';
import { FindingLog, type FindingSummary } from '../report/findingLog.ts';
import type { SizedRow } from '../rows/indexed.ts';
import type { DataConfig } from './config.ts';
import { ContentHash, exampleHash } from './contentHash.ts';
import { numberedRows, type Part, type RowSource } from './sources.ts';
import { badRow, type Survey } from './survey.ts';

/** Where the usable rows of a part go. */
export interface RowSink<Row> {
  readonly length: number;
  add(row: Row): void;
}

export interface AccountOptions<Row extends SizedRow> {
  readonly sources: readonly RowSource[];
  readonly survey: Survey;
  readonly config: DataConfig;
  /** The row that an example becomes, or what keeps it from being one. */
  encode(example: PreferenceExample): { readonly row: Row | undefined; readonly findings: readonly Finding[] };
  readonly sinks: Readonly<Record<Part, RowSink<Row>>>;
  /** For the complete list of findings, where it is long. */
  readonly findingsFile?: string | undefined;
}

export interface Account {
  readonly findings: FindingSummary;
  /** Usable rows that max_train_rows or max_eval_rows leave out. */
  readonly rowsBeyondLimit: number;
}

/**
 * Reads all rows a second time, encodes those that are used and says what became of each.
 * @throws DataError when the sources are not what the survey saw.
 */
export async function accountRows<Row extends SizedRow>(options: AccountOptions<Row>): Promise<Account> {
  const { sources, survey, config, sinks } = options;
  const limits: Record<Part, number | undefined> = { train: config.max_train_rows, eval: config.max_eval_rows };
  const log = new FindingLog(options.findingsFile);
  const content = new ContentHash();
  let rowsBeyondLimit = 0;
  for await (const { rowNumber, source, parsed } of numberedRows(sources)) {
    if (!parsed.ok) {
      log.add(rowNumber, [badRow(parsed.problem)]);
      continue;
    }
    const hash = exampleHash(parsed.example);
    content.add(hash);
    const findings = survey.findingsOf(parsed.example, source, hash);
    const part = survey.partOf(rowNumber, source);
    if (isDropped(findings) || sinks[part].length === limits[part]) {
      if (!isDropped(findings)) rowsBeyondLimit++;
      log.add(rowNumber, findings);
      continue;
    }
    const encoded = options.encode(parsed.example);
    log.add(rowNumber, mergeFindings([...findings, ...encoded.findings]));
    if (encoded.row !== undefined) sinks[part].add(encoded.row);
  }
  log.close();
  if (content.digest() !== survey.fingerprint) {
    throw new DataError(`${sources.map(({ name }) => name).join(', ')}: changed while being read. Start again.`);
  }
  return { findings: log.summary(), rowsBeyondLimit };
}
