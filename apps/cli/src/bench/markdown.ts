import type { CaseResult, SideResult } from './runCase.ts';
import type { BenchReport } from './report.ts';

const seconds = (value: number | undefined): string => (value === undefined ? '–' : value.toPrecision(3));
const ratio = (value: number | undefined): string => (value === undefined ? '' : `${value.toFixed(2)}×`);
const mebibytes = (value: number | undefined): string =>
  value === undefined ? '–' : Math.round(value / 2 ** 20).toLocaleString('en-US');

function sideCells({ name, runs, ...side }: SideResult): string[] {
  const spread = side.spread === undefined ? '' : ` (${side.spread.map(seconds).join(' – ')})`;
  const failures = runs.flatMap((run) => ('failure' in run ? [run.failure] : []));
  const [failed] = failures;
  if (side.seconds === undefined) return [name, `not measured: ${failed ?? 'no run'}`, '', '', '', '', ''];
  const lost = failed === undefined ? '' : `; ${failures.length} of ${runs.length} runs failed: ${failed}`;
  return [
    name,
    `${seconds(side.seconds)}${spread}${lost}`,
    ratio(side.relativeSeconds),
    mebibytes(side.peakMemoryBytes),
    ratio(side.relativeMemory),
    mebibytes(side.plannedMemoryBytes),
    seconds(side.firstStepSeconds),
  ];
}

const HEAD = [
  '',
  'seconds a step, median (range)',
  '',
  'peak memory, MiB',
  '',
  'planned',
  'seconds to the first step’s end',
];
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function caseLines({ name, description, sides, growth }: CaseResult): string[] {
  const engines = new Set(
    sides.flatMap(({ runs }) => runs.flatMap((run) => ('description' in run ? [run.description] : []))),
  );
  return [
    `## ${name}`,
    '',
    `${description}.`,
    '',
    row(HEAD),
    row(HEAD.map(() => '---')),
    ...sides.map((side) => row(sideCells(side))),
    '',
    ...(growth === undefined || growth.exponent === null
      ? []
      : [
          `Seconds grow with ${growth.axis} to the power of ${growth.exponent.toFixed(2)}.`,
          '',
          `![growth](${name}.svg)`,
          '',
        ]),
    `Ran: ${[...engines].join('; ')}.`,
    '',
  ];
}

/** The report as Markdown. */
export function renderMarkdown({ createdAt, machine, command, cases }: BenchReport): string {
  const facts = Object.entries(machine).map(([key, value]) => `${key} ${value}`);
  return [
    '# Benchmark',
    '',
    `\`${command}\`, ${createdAt}. ${facts.join(', ')}.`,
    '',
    'The sides of a case run in turn, each in a process of its own; the first two steps of a process are warm-up. Ratios are to the first side. Planned is the peak that `tether plan` tells.',
    '',
    ...cases.flatMap(caseLines),
  ].join('\n');
}
