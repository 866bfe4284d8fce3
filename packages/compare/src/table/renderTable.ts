import { styleText } from 'node:util';
import Table from 'cli-table3';
import {
  formatBytes,
  formatCount,
  formatFewerSeeds,
  formatNumber,
  formatP,
  formatPercent,
  formatRange,
  formatRate,
  formatRatio,
  formatSeconds,
  formatSigned,
} from '../format.ts';
import { isAtFloor } from '../statistics/signFlip.ts';
import type { ArmCost, Contrast, MeasureSummary, Outcome, Summary } from '../summary/schema.ts';
import { splitKeyMeasures } from '../summary/keyMeasures.ts';
import { wrap } from './wrap.ts';

export interface TableOptions {
  /** ANSI colours; off unless asked for. */
  readonly color?: boolean;
  /** Every temperature and split; otherwise those of the headline, with the number of the others stated. */
  readonly all?: boolean;
}

const WIDTH = 120;
// With 7 borders these fill the width; 2 of each are its padding. Longer texts wrap; costs do not: `59 min 59 s`, `123 h 45 min`.
const MEASURE_WIDTHS = [42, 12, 12, 24, 10, 13];
const COST_WIDTHS = [32, 15, 14, 12, 14, 26];

/** The comparison as text for a terminal, at most 120 columns wide: verdicts, measures, costs, and what is missing. */
export function renderTable(summary: Summary, { color = false, all = false }: TableOptions = {}): string {
  const { key, others } = splitKeyMeasures(summary);
  const shown = all ? summary.measures : key;
  const hidden = all ? 0 : others.length;
  const more =
    hidden > 0 ? `${hidden} more measures (other temperatures and splits) are in the report and summary.json.` : '';
  const parts = [
    paint('bold', summary.name, color),
    wrap(summary.headline.sentence, WIDTH),
    measureTable(shown, summary, color),
    more,
    costTable(summary, color),
    summary.verdicts.map(({ arm, sentence }) => wrap(`${arm}: ${sentence}`, WIDTH, '  ')).join('\n'),
    bulleted('Missing', summary.missing),
    wrap(legend(summary), WIDTH),
  ];
  return parts.filter((part) => part !== '').join('\n\n') + '\n';
}

function measureTable(measures: readonly MeasureSummary[], summary: Summary, color: boolean): string {
  const interval = `${formatPercent(summary.analysis.confidence)} interval`;
  const heads = ['Measure and arm', 'Mean', `vs ${summary.baseline}`, interval, 'p corr.', 'Difference'];
  const table = newTable(heads, MEASURE_WIDTHS, [1, 4], color);
  for (const measure of measures) table.push(...measureRows(measure, color));
  return table.toString();
}

function measureRows(measure: MeasureSummary, color: boolean): Table.HorizontalTableRow[] {
  const { digits, unit, better } = measure.definition;
  const arrow = { higher: ' \u2191', lower: ' \u2193', neutral: '' }[better];
  const title = `${measure.label}${unit ? ` (${unit})` : ''}${arrow}`;
  const rows = measure.estimates.map((estimate) => {
    const contrast = measure.contrasts.find(({ arm }) => arm === estimate.arm);
    const fewer = formatFewerSeeds(estimate.perSeed);
    return [
      `  ${estimate.arm}${fewer === null ? '' : ` (${fewer})`}`,
      formatNumber(estimate.mean, digits),
      contrast ? formatSigned(contrast.difference, digits) : '',
      contrast ? intervalText(contrast, digits) : '',
      contrast && contrast.outcome !== 'missing' ? formatP(contrast.correctedP, isAtFloor(contrast.test)) : '',
      contrast ? outcomeText(contrast.outcome, color) : '',
    ];
  });
  const before =
    measure.before === null ? [] : [['  before training', formatNumber(measure.before, digits), '', '', '', '']];
  return [[{ content: paint('bold', title, color), colSpan: MEASURE_WIDTHS.length }], ...before, ...rows];
}

/** The interval and, on a line of its own, how many seeds are behind it where some are missing. */
function intervalText({ interval, perSeed }: Contrast, digits: number | undefined): string {
  const range = interval && formatRange(interval.low, interval.high, digits, true);
  return [range, formatFewerSeeds(perSeed)].filter((line) => line !== null).join('\n');
}

function costTable({ costs, baseline }: Summary, color: boolean): string {
  const heads = ['Cost', 'Time per step', 'Run time', 'Tokens/s', 'Peak memory', `Time vs ${baseline}`];
  const table = newTable(heads, COST_WIDTHS, [1, 5], color);
  for (const cost of costs) table.push(costRow(cost, baseline));
  return table.toString();
}

function costRow(cost: ArmCost, baseline: string): string[] {
  const { overhead } = cost;
  const range = overhead && overhead.seeds > 1 ? ` (${formatRange(overhead.lowest, overhead.highest, 2)})` : '';
  return [
    cost.arm,
    formatSeconds(cost.secondsPerStep),
    formatSeconds(cost.seconds),
    formatRate(cost.tokensPerSecond),
    formatBytes(cost.peakMemoryBytes),
    cost.arm === baseline ? 'baseline' : formatRatio(overhead?.mean) + range,
  ];
}

function legend({ analysis, baseline, seeds, tests, measures }: Summary): string {
  const rows = measures.flatMap(({ estimates, contrasts }) => [...estimates, ...contrasts]);
  const fewer = rows.some(({ perSeed }) => formatFewerSeeds(perSeed) !== null) ? ' or as many as its row says' : '';
  return (
    `Differences are arm minus ${baseline}, paired, over ${formatCount(seeds.length, 'seed')}${fewer}. ` +
    `p corrected over ${formatCount(tests, 'test')}. \u2191 higher is better, \u2193 lower is better. A difference is shown when its ` +
    `${formatPercent(analysis.confidence)} interval leaves out 0 and its corrected p is at most ` +
    `${formatNumber(1 - analysis.confidence, 2)}.`
  );
}

function bulleted(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`${title}:`, ...lines.map((line) => wrap(`- ${line}`, WIDTH, '  '))].join('\n');
}

const OUTCOME_STYLE: Record<Outcome, { text: string; color: 'green' | 'red' | 'cyan' | 'gray' | 'yellow' }> = {
  better: { text: 'better', color: 'green' },
  worse: { text: 'worse', color: 'red' },
  higher: { text: 'higher', color: 'cyan' },
  lower: { text: 'lower', color: 'cyan' },
  'not shown': { text: 'not shown', color: 'gray' },
  missing: { text: 'missing', color: 'yellow' },
};

function outcomeText(outcome: Outcome, color: boolean): string {
  const style = OUTCOME_STYLE[outcome];
  return paint(style.color, style.text, color);
}

function paint(style: Parameters<typeof styleText>[0], text: string, color: boolean): string {
  return color ? styleText(style, text, { validateStream: false }) : text;
}

/** Columns `first` to `last` hold numbers and stand at the right. */
function newTable(heads: string[], widths: number[], [first, last]: [number, number], color: boolean): Table.Table {
  return new Table({
    head: heads.map((head) => paint('bold', head, color)),
    colWidths: widths,
    colAligns: heads.map((_, column) => (column >= first && column <= last ? 'right' : 'left')),
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
}
