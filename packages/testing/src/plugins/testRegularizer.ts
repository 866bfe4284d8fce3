import { initialValues, type Regularizer } from '@tether/core';
import { sizeOf } from '@tether/graph';
import { describe, expect } from 'vitest';
import { inputsOf } from '../point.ts';
import type { Skip, SuiteTest } from '../skips.ts';
import { configTests } from './configTests.ts';
import { lossTestsOfKinds, unreadNeeds } from './lossTests.ts';
import { allMetrics, lossOver, pointsFor, type LossUnderTest } from './lossUnderTest.ts';
import { opponentTests } from './opponentTests.ts';
import {
  contextOver,
  KEY,
  networkPoints,
  regularizerUnderTest,
  type RegularizerUnderTest,
} from './regularizerNetworks.ts';
import { suite } from './suite.ts';

export interface TestRegularizerOptions {
  /** Configs as a user writes them; the defaults alone when absent. Choose small networks: the oracle is slow. */
  readonly configs?: readonly unknown[];
  readonly skips?: readonly Skip[];
}

/** The penalty as a loss: its networks are as fresh as at the first step. */
function penaltyOf(under: RegularizerUnderTest): LossUnderTest {
  const { plugin, config } = under;
  return {
    needs: plugin.needs(config),
    extra: networkPoints(under),
    build: (views, tensors) => plugin.penalty(contextOver(under, views, tensors)),
  };
}

/** The opponent's loss in the same form; nothing where there is none. */
function opponentLossOf(under: RegularizerUnderTest): LossUnderTest[] {
  const { opponent } = under.plugin;
  if (opponent === undefined) return [];
  return [{ ...penaltyOf(under), build: (views, tensors) => opponent.loss(contextOver(under, views, tensors)) }];
}

function networkTests(test: SuiteTest, make: () => RegularizerUnderTest): void {
  test('networks: every tensor has a size and finite first values', () => {
    const { parameters, state } = make().spec;
    const bad = Object.entries({ ...parameters, ...state }).filter(([name, tensor]) => {
      const isSized = tensor.shape.every((extent) => Number.isInteger(extent) && extent > 0);
      return !isSized || !initialValues(name, tensor, 1).every(Number.isFinite) || sizeOf(tensor.shape) === 0;
    });
    expect(bad.map(([name]) => name)).toEqual([]);
  });
  test('networks: there are trainable parameters exactly where there is an opponent', () => {
    const { plugin, spec } = make();
    expect(Object.keys(spec.parameters).length > 0).toBe(plugin.opponent !== undefined);
  });
}

/**
 * Registers the tests that every regularizer has to pass, for each config. Of the penalty: everything that
 * `testObjective` asks of a loss. Of its networks and its opponent: finite first values, a loss that is differentiable
 * by the opponent's parameters, finite metrics, the same in any order of rows, micro-batches that add up, state of stable
 * types that stays finite, no influence of filler rows.
 *
 * ```ts
 * testRegularizer(plugin, { configs: [{}, { estimator: 'k3' }] });
 * ```
 *
 * A penalty that may not depend on the policy says so: `skips: [{ test: 'depends on the policy', reason: '…' }]`.
 */
export function testRegularizer(
  plugin: Regularizer,
  { configs = [{}], skips = [] }: TestRegularizerOptions = {},
): void {
  suite(`regularizer ${plugin.name}`, skips, (test) => {
    configTests(test, plugin.config);
    for (const raw of configs) {
      describe(`with ${JSON.stringify(raw)}`, () => {
        const make = (): RegularizerUnderTest => regularizerUnderTest(plugin, raw);
        const { config } = make();
        lossTestsOfKinds(test, plugin.needs(config), () => penaltyOf(make()), plugin.takesUnpaired);
        test('reads what it declares, and nothing else', () => {
          const under = make();
          expect(unreadNeeds([penaltyOf(under), ...opponentLossOf(under)])).toEqual([]);
        });
        test('metrics start with the regularizer’s key', () => {
          const under = penaltyOf(make());
          const { gauges = {}, ...means } = lossOver(under, inputsOf(pointsFor(under)));
          const names = Object.keys({ ...allMetrics(means), ...gauges });
          expect(names.filter((name) => !name.startsWith(`${KEY}/`))).toEqual([]);
        });
        networkTests(test, make);
        if (plugin.opponent !== undefined) opponentTests(test, make);
      });
    }
  });
}
