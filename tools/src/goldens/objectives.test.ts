import type { Objective } from '@tether/core';
import { grad } from '@tether/graph';
import * as cpo from '@tether/objective-cpo';
import * as dpo from '@tether/objective-dpo';
import * as kto from '@tether/objective-kto';
import { plugin as orpo } from '@tether/objective-orpo';
import { plugin as simpo } from '@tether/objective-simpo';
import { allMetrics, evaluatePart, makeBatchViews, type Points } from '@tether/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { readGolden } from './files.ts';

interface ObjectiveCase {
  readonly plugin: string;
  readonly options: object;
  readonly trl: { readonly present?: readonly (readonly (0 | 1)[])[] };
  readonly dtype: 'float64' | 'float32';
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** By each token's log-probability, [B, 2, C]; null where TRL's own code has none. */
  readonly gradient: readonly number[] | null;
}

interface ObjectiveGoldens {
  readonly versions: Readonly<Record<'trl', string>>;
  readonly sizes: Readonly<Record<'rows' | 'completionLength' | 'hiddenSize' | 'vocabularySize', number>>;
  readonly points: Readonly<Record<string, readonly number[]>>;
  readonly cases: readonly ObjectiveCase[];
}

const golden = readGolden('objectives.json') as ObjectiveGoldens;

const PLUGINS: Readonly<Record<string, Objective>> = {
  dpo: dpo.plugin,
  ...dpo.plugins,
  cpo: cpo.plugin,
  ...cpo.plugins,
  simpo,
  orpo,
  kto: kto.plugin,
  ...kto.plugins,
};

/** Float64 on both sides leaves the order of sums; where TRL's code goes to float32, some of its roundoffs. */
const TOLERANCES = { float64: 1e-12, float32: 1e-6 } as const;

const { rows, completionLength, hiddenSize, vocabularySize } = golden.sizes;
const batch = makeBatchViews({
  rows: Array.from({ length: rows }, (_, content) => ({ content })),
  sizes: { completionLength, viewLength: completionLength + 1, hiddenSize, vocabularySize },
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, x) => total + x, 0);

/** The mask [B, 2, C] of a case: completions that its rows lack have no tokens. */
const maskOf = ({ trl: { present } }: ObjectiveCase): number[] =>
  golden.points['batch/completionMask']!.map((isToken, at) => {
    const completion = Math.floor(at / completionLength);
    return (present?.[Math.floor(completion / 2)]?.[completion % 2] ?? 1) * isToken;
  });

/** The batch's inputs with the goldens' numbers, and the counts that belong to them. */
function goldenPoints(mask: readonly number[]): Points {
  const lengths = Array.from({ length: rows }, (_, row) =>
    [0, 1].map((side) => sum(mask.slice((2 * row + side) * completionLength).slice(0, completionLength))),
  );
  const tokens = [0, 1].map((side) => sum(lengths.map((row) => row[side]!)));
  const sideRows = [0, 1].map((side) => lengths.filter((row) => row[side]! > 0).length);
  const counts: Record<string, number> = {
    perRow: rows,
    perToken: sum(tokens),
    perSideToken0: tokens[0]!,
    perSideToken1: tokens[1]!,
    perCompletion: sum(sideRows),
    perSideRow0: sideRows[0]!,
    perSideRow1: sideRows[1]!,
    perPair: lengths.filter((row) => row.every((length) => length > 0)).length,
  };
  const numbers: Record<string, readonly number[]> = {
    ...golden.points,
    'batch/completionMask': mask,
    ...Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [`count/${name}`, [1 / Math.max(1, count)]] as const),
    ),
  };
  return Object.fromEntries(
    Object.entries(batch.points).map(([name, point]) => [name, { ...point, data: numbers[name] ?? point.data }]),
  );
}

const largest = { float64: 0, float32: 0 };

function expectNear(actual: number, expected: number, record: ObjectiveCase, what: string): void {
  const dtype = what === 'rewards/accuracies' ? 'float32' : record.dtype; // TRL counts in float32
  const error = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
  largest[dtype] = Math.max(largest[dtype], error);
  expect(error, `${what}: ${actual} instead of ${expected}`).toBeLessThanOrEqual(TOLERANCES[dtype]);
}

describe(`objectives against TRL ${golden.versions.trl}'s own code`, () => {
  const titled = golden.cases.map((record) => ({
    ...record,
    title: `${record.plugin} ${JSON.stringify(record.options)} ${JSON.stringify(record.trl.present ?? '')}`,
  }));
  it.each(titled)('$title', (record) => {
    const plugin = PLUGINS[record.plugin]!;
    const { loss, gauges, ...means } = plugin.loss(batch.views, plugin.config.parse(record.options));
    const gradient = grad(loss, [batch.tensors['policy/logps']!])[0]!;
    const mask = maskOf(record);
    const found = evaluatePart(goldenPoints(mask), { ...allMetrics(means), ...gauges, loss, gradient });
    expectNear(found['loss']!.data[0]!, record.loss, record, 'loss');
    for (const [name, value] of Object.entries(record.metrics)) {
      // What TRL calls SLiC has rewards of another scale.
      if (record.plugin !== 'slic' || name === 'nll_loss') expectNear(found[name]!.data[0]!, value, record, name);
    }
    record.gradient?.forEach((value, at) => {
      expectNear(found['gradient']!.data[at]! * mask[at]!, value, record, `gradient of token ${at}`);
    });
  });

  it('has a case for every plugin', () => {
    const tested = new Set(golden.cases.map(({ plugin }) => plugin));
    expect(Object.keys(PLUGINS).filter((name) => !tested.has(name))).toEqual([]);
  });

  afterAll(() =>
    console.info(
      `largest relative errors: ${largest.float64.toExponential(1)} where TRL computes in float64, ${largest.float32.toExponential(1)} in float32`,
    ),
  );
});
