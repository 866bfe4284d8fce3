import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRowNumbers } from '../errors.ts';
import { FINDING_KINDS, mergeFindings, type RowFinding } from './finding.ts';
import { FindingLog, type FindingSummary, LISTED_ROWS } from './findingLog.ts';
import { renderReport } from './render.ts';
import { buildReport, locateRow, type ReportInput } from './report.ts';
import { lengthStatistics, percentile } from './statistics.ts';

/** What a log that saw these findings says. */
function logged(findings: readonly RowFinding[]): FindingSummary {
  const log = new FindingLog();
  for (const [rowNumber, found] of Map.groupBy(findings, (finding) => finding.rowNumber)) log.add(rowNumber, found);
  return log.summary();
}

const input: ReportInput = {
  sources: [
    { name: 'a.json', kind: 'JSON', part: 'train', form: 'trl', detected: true, firstRow: 1, rows: 40 },
    { name: 'b.parquet', kind: 'Parquet', part: 'eval', form: 'sharegpt', detected: false, firstRow: 41, rows: 10 },
  ],
  findings: logged([
    {
      rowNumber: 12,
      kind: 'long-prompt',
      action: 'dropped',
      reason: 'prompt of 80 tokens is over max_prompt_length 64',
    },
    { rowNumber: 9, kind: 'identical-pair', action: 'dropped', reason: 'chosen equals rejected' },
    { rowNumber: 10, kind: 'identical-pair', action: 'dropped', reason: 'chosen equals rejected' },
    { rowNumber: 11, kind: 'identical-pair', action: 'dropped', reason: 'chosen equals rejected' },
    { rowNumber: 7, kind: 'long-completion', action: 'truncated', reason: '90 tokens with its prompt, max_length 64' },
    { rowNumber: 30, kind: 'long-completion', action: 'truncated', reason: '70 tokens with its prompt, max_length 64' },
    { rowNumber: 9, kind: 'empty-completion', action: 'dropped', reason: 'rejected empty' },
    { rowNumber: 45, kind: 'eval-overlap', action: 'kept', reason: 'its prompt is that of row 3' },
  ]),
  rowsUsed: { train: 36, eval: 10 },
  rowsBeyondLimit: 0,
  lengths: [1, 2, 0].map((factor) => Int32Array.from({ length: 46 }, (_, index) => factor * (index + 1) || 5)),
  unit: 'tokens',
  buckets: [
    { rowLength: 48, sides: 2, completionLength: 30, viewLength: 40, rowCount: 20, paddingShare: 0.125 },
    { rowLength: 144, sides: 2, completionLength: 92, viewLength: 138, rowCount: 26, paddingShare: 0.25 },
  ],
  paddingShare: 0.2345,
  fingerprint: 'ab'.repeat(32),
};

describe('the report', () => {
  it('reads like this', () => {
    expect(renderReport(buildReport(input)).join('\n')).toMatchInlineSnapshot(`
      "Data
        a.json: 40 rows (JSON, form trl by its columns, numbered 1–40)
        b.parquet: 10 rows (Parquet, form sharegpt, for evaluation, numbered 41–50)
        read 50 rows: 36 to train on, 10 to evaluate on, 4 dropped
        pairs with equal completions: 3, dropped
          rows 9–11: chosen equals rejected
        rows with an empty completion: 1, dropped
          row 9: rejected empty
        rows with a prompt over the limit: 1, dropped
          row 12: prompt of 80 tokens is over max_prompt_length 64
        rows with a completion over the limit: 2, truncated
          rows 7, 30: such as 90 tokens with its prompt, max_length 64
        evaluation rows whose prompt is also trained on: 1, kept
          row 45: its prompt is that of row 3
        length in tokens       mean    min    p50    p90    p99    max
        prompt                 23.5      1     23     42     46     46
        chosen                 47.0      2     46     84     92     92
        rejected                5.0      5      5      5      5      5
        rows × length in tokens: 20 × 48 (12.5 % padding), 26 × 144 (25.0 % padding); padding 23.4 % in all
        fingerprint sha256:abababababababababababababababababababababababababababababababab"
    `);
  });

  it('counts a row once per kind and once as dropped, and lists every finding by row', () => {
    const report = buildReport(input);
    expect(report.counts).toMatchObject({ 'identical-pair': 3, 'long-completion': 2, duplicate: 0 });
    expect(report.rowsDropped).toBe(4);
    expect(report.rowsRead).toBe(50);
    expect(report.findings.map(({ rowNumber }) => rowNumber)).toEqual([7, 9, 9, 10, 11, 12, 30, 45]);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('has a line for every kind of finding, so none can stay unseen', () => {
    const actions = ['dropped', 'truncated', 'kept'] as const;
    const findings: RowFinding[] = FINDING_KINDS.map((kind, index) => ({
      kind,
      action: actions[index % 3]!,
      rowNumber: 100 + index,
      reason: `reason of ${kind}`,
    }));
    const lines = renderReport(buildReport({ ...input, findings: logged(findings) }));
    for (const { rowNumber, reason } of findings) expect(lines).toContain(`    row ${rowNumber}: ${reason}`);
  });

  it('says how many row numbers it does not list', () => {
    const findings = Array.from({ length: 30 }, (_, index) => ({
      kind: 'duplicate' as const,
      action: 'kept' as const,
      rowNumber: 2 * index + 1,
      reason: 'equals row 1',
    }));
    const lines = renderReport(buildReport({ ...input, findings: logged(findings) }), { maxRowNumbers: 3 });
    expect(lines).toContain('    rows 1, 3, 5 and 27 more: equals row 1');
  });

  it('counts every row but lists a stated number of them, and the file has the complete list', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tether-findings-'));
    try {
      const path = join(folder, 'sub', 'findings.jsonl');
      const log = new FindingLog(path);
      const rows = LISTED_ROWS + 500;
      for (let rowNumber = 1; rowNumber <= rows; rowNumber++) {
        log.add(rowNumber, [{ kind: 'duplicate', action: 'dropped', reason: `equals row ${rowNumber % 7}` }]);
      }
      log.add(rows + 1, [{ kind: 'empty-prompt', action: 'kept', reason: 'the prompt is empty' }]);
      log.close();
      const summary = log.summary();
      expect(summary.findings).toHaveLength(LISTED_ROWS + 1);
      expect(summary.counts).toMatchObject({ duplicate: rows, 'empty-prompt': 1 });
      expect(summary.rowsDropped).toBe(rows);
      const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
      expect(lines.map((line) => (JSON.parse(line) as RowFinding).rowNumber)).toEqual(
        Array.from({ length: rows + 1 }, (_, index) => index + 1),
      );
      const text = renderReport(buildReport({ ...input, findings: summary }));
      expect(text).toContain(`  duplicates of an earlier row: ${rows}, dropped`);
      expect(text).toContain(`    rows 1–${LISTED_ROWS} and 500 more: such as equals row 1`);
      expect(text).toContain(`  the complete list of these rows is in ${path}`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('says that rows are only counted where there is no file for them', () => {
    const findings = Array.from({ length: LISTED_ROWS + 7 }, (_, index) => ({
      kind: 'empty-prompt' as const,
      action: 'kept' as const,
      rowNumber: index + 1,
      reason: 'the prompt is empty',
    }));
    const lines = renderReport(buildReport({ ...input, findings: logged(findings) }));
    expect(lines).toContain('  7 findings are only counted here; a findings file has the complete list');
  });

  it('puts reasons together when there are too many different ones', () => {
    const reasonOf = (index: number) => `says ${String.fromCharCode(97 + (index % 26), 97 + Math.floor(index / 26))}`;
    const findings = Array.from({ length: 200 }, (_, index) => ({
      kind: 'bad-row' as const,
      action: 'dropped' as const,
      rowNumber: index + 1,
      reason: reasonOf(index),
    }));
    const summary = logged(findings);
    expect(summary.groups.length).toBeLessThan(60);
    expect(summary.counts['bad-row']).toBe(200);
    const lines = renderReport(buildReport({ ...input, findings: summary }));
    expect(lines).toContain(`    rows 51–200: such as ${reasonOf(50)}`);
  });

  it('finds the file of a row number', () => {
    const { sources } = buildReport(input);
    expect(locateRow(sources, 40)).toEqual({ source: 'a.json', row: 40 });
    expect(locateRow(sources, 41)).toEqual({ source: 'b.parquet', row: 1 });
    expect(() => locateRow(sources, 51)).toThrow(RangeError);
  });
});

describe('row numbers', () => {
  it('are written as ranges', () => {
    expect(formatRowNumbers([1, 2, 3, 5, 6, 9])).toBe('1–3, 5, 6, 9');
    expect(formatRowNumbers([4, 4, 5])).toBe('4, 5');
    expect(formatRowNumbers([1, 3, 5, 6, 7], 2)).toBe('1, 3 and 3 more');
    expect(formatRowNumbers([])).toBe('');
  });

  it('all come back from the ranges', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(60)), (drawn) => {
        const ascending = drawn.toSorted((a, b) => a - b);
        const read = formatRowNumbers(ascending)
          .split(', ')
          .filter((part) => part !== '')
          .flatMap((part) => {
            const [from, to] = part.split('–').map(Number);
            return Array.from({ length: (to ?? from!) - from! + 1 }, (_, index) => from! + index);
          });
        expect(read).toEqual(ascending);
      }),
    );
  });
});

describe('length statistics', () => {
  it('of 1 … 200', () => {
    const lengths = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect(lengthStatistics(lengths)).toEqual({
      count: 200,
      mean: 100.5,
      min: 1,
      p50: 100,
      p90: 180,
      p99: 198,
      max: 200,
    });
    expect(lengthStatistics([])).toEqual({ count: 0, mean: 0, min: 0, p50: 0, p90: 0, p99: 0, max: 0 });
  });

  it('percentiles: at least that share of the values is not above it, and it is the least such value', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 1 }), fc.constantFrom(0.25, 0.5, 0.75), (values, share) => {
        const ascending = values.toSorted((a, b) => a - b);
        const value = percentile(ascending, share);
        const atMost = (limit: number) => values.filter((other) => other <= limit).length / values.length;
        expect(atMost(value)).toBeGreaterThanOrEqual(share);
        expect(values.filter((other) => other < value).length / values.length).toBeLessThan(share);
      }),
    );
  });
});

it('findings of one kind on one row become one, the gravest action winning', () => {
  const merged = mergeFindings([
    { kind: 'long-prompt', action: 'truncated', reason: 'first' },
    { kind: 'duplicate', action: 'kept', reason: 'other' },
    { kind: 'long-prompt', action: 'dropped', reason: 'second' },
  ]);
  expect(merged).toEqual([
    { kind: 'long-prompt', action: 'dropped', reason: 'first; second' },
    { kind: 'duplicate', action: 'kept', reason: 'other' },
  ]);
});
