import type { ProfiledOperation } from '@tether/core';

interface Share {
  readonly name: string;
  readonly seconds: number;
  readonly count: number;
}

/** Operations of a step by what they have in common, largest share first. */
function sharesBy(operations: readonly ProfiledOperation[], keyOf: (operation: ProfiledOperation) => string): Share[] {
  return [...Map.groupBy(operations, keyOf)]
    .map(([name, group]) => ({
      name,
      seconds: group.reduce((sum, { seconds }) => sum + seconds, 0),
      count: group.length,
    }))
    .sort((a, b) => b.seconds - a.seconds);
}

/** The place of a stack line, from the repository's root on: `packages/model/src/blocks/linear.ts:12`. */
const placeOf = ({ source }: ProfiledOperation): string =>
  /((?:packages|plugins|apps|node_modules)\/[^():]+:\d+)/.exec(source ?? '')?.[1] ?? source ?? 'unknown line';

/** `policy/layers.3/attention/matmul` without the number of the layer: `policy/layers.#/attention/matmul`. */
const withoutNumbers = (scope: string): string => scope.replaceAll(/\d+/g, '#');

const MOST = 10;
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(head),
  row(head.map(() => '---')),
  ...rows.map(row),
  '',
];

/** What a step's time goes into: share of each operator, and the most expensive places of our sources. */
export function renderProfile(name: string, operations: readonly ProfiledOperation[]): string[] {
  const total = operations.reduce((sum, { seconds }) => sum + seconds, 0);
  const cells = ({ name: what, seconds, count }: Share): string[] => [
    what,
    String(count),
    (1000 * seconds).toFixed(1),
    `${((100 * seconds) / total).toFixed(1)} %`,
  ];
  const operators = sharesBy(operations, ({ program, operator }) => `${program} · ${operator}`);
  const places = sharesBy(
    operations,
    (operation) => `\`${placeOf(operation)}\` ${withoutNumbers(operation.scope)} (${operation.operator})`,
  );
  const nodes = operations.toSorted((a, b) => b.seconds - a.seconds).slice(0, MOST);
  return [
    `### Profile of ${name}`,
    '',
    `The last run of each program: ${operations.length} operations, ${(1000 * total).toFixed(0)} ms in their kernels.`,
    '',
    ...table(['program · operator', 'operations', 'ms', 'share'], operators.slice(0, 2 * MOST).map(cells)),
    `The ${MOST} most expensive places, over all layers:`,
    '',
    ...table(['line, scope (operator)', 'operations', 'ms', 'share'], places.slice(0, MOST).map(cells)),
    `The ${MOST} most expensive operations:`,
    '',
    ...table(
      ['scope', 'operator', 'line', 'ms'],
      nodes.map((node) => [node.scope, node.operator, `\`${placeOf(node)}\``, (1000 * node.seconds).toFixed(1)]),
    ),
  ];
}
