import type { Objective } from '@tether/core';
import { grad } from '@tether/graph';
import * as cpo from '@tether/objective-cpo';
import * as dpo from '@tether/objective-dpo';
import { plugin as kto } from '@tether/objective-kto';
import { plugin as orpo } from '@tether/objective-orpo';
import { plugin as simpo } from '@tether/objective-simpo';
import { evaluatePart, makeBatchViews, type Points } from '@tether/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { readGolden } from './files.ts';

interface ObjectiveCase {
  readonly plugin: string;
  readonly options: object;
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
  kto,
};

/** Float64 on both sides leaves the order of sums; where TRL's code goes to float32, some of its roundoffs. */
const TOLERANCES = { float64: 1e-12, float32: 1e-6 } as const;

const { rows, completionLength, hiddenSize, vocabularySize } = golden.sizes;
const batch = makeBatchViews({
  rows: Array.from({ length: rows }, (_, content) => ({ content })),
  sizes: { completionLength, viewLength: completionLength + 1, hiddenSize, vocabularySize },
});

/** The batch's inputs with the goldens' numbers, and the counts that belong to them. */
function goldenPoints(): Points {
  const mask = golden.points['batch/completionMask']!;
  const tokens = [0, 1].map((side) =>
    mask.reduce((sum, isToken, at) => sum + (Math.floor(at / completionLength) % 2 === side ? isToken : 0), 0),
  );
  const numbers: Record<string, readonly number[]> = {
    ...golden.points,
    'count/perRow': [1 / rows],
    'count/perToken': [1 / (tokens[0]! + tokens[1]!)],
    'count/perSideToken0': [1 / tokens[0]!],
    'count/perSideToken1': [1 / tokens[1]!],
  };
  return Object.fromEntries(
    Object.entries(batch.points).map(([name, point]) => [name, { ...point, data: numbers[name] ?? point.data }]),
  );
}

const points = goldenPoints();
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
    title: `${record.plugin} ${JSON.stringify(record.options)}`,
  }));
  it.each(titled)('$title', (record) => {
    const plugin = PLUGINS[record.plugin]!;
    const { loss, metrics = {}, gauges = {} } = plugin.loss(batch.views, plugin.config.parse(record.options));
    const gradient = grad(loss, [batch.tensors['policy/logps']!])[0]!;
    const found = evaluatePart(points, { ...metrics, ...gauges, loss, gradient });
    expectNear(found['loss']!.data[0]!, record.loss, record, 'loss');
    for (const [name, value] of Object.entries(record.metrics)) {
      // What TRL calls SLiC has rewards of another scale.
      if (record.plugin !== 'slic' || name === 'nll_loss') expectNear(found[name]!.data[0]!, value, record, name);
    }
    const mask = golden.points['batch/completionMask']!;
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
