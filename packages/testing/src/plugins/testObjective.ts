import type { Objective } from '@tether/core';
import { describe, expect } from 'vitest';
import type { Skip } from '../skips.ts';
import { configTests } from './configTests.ts';
import { lossTestsOfKinds, unreadNeeds } from './lossTests.ts';
import type { LossUnderTest } from './lossUnderTest.ts';
import { suite } from './suite.ts';

export interface TestObjectiveOptions {
  /** Configs as a user writes them; the defaults alone when absent. */
  readonly configs?: readonly unknown[];
  readonly skips?: readonly Skip[];
}

/** What the rest of the kit sees of an objective with one config. */
function underTest(plugin: Objective, raw: unknown): LossUnderTest {
  const config = plugin.config.parse(raw);
  return { needs: plugin.needs(config), extra: {}, build: (views) => plugin.loss(views, config) };
}

/**
 * Registers the tests that every objective has to pass, for each config: a finite scalar loss that depends on the
 * policy, gradients that central differences confirm, finite ones where the policy is the reference, no gradient to the
 * reference, no influence of filler rows and of masked places, the same loss in any order of rows, micro-batches that add up, `needs` that are enough, and, where the
 * plugin takes unpaired rows, no influence of the sides that rows lack. A plugin that does not need "rejected" passes them
 * with single completions and with pairs.
 *
 * ```ts
 * testObjective(plugin, { configs: [{}, { label_smoothing: 0.1 }] });
 * ```
 */
export function testObjective(plugin: Objective, { configs = [{}], skips = [] }: TestObjectiveOptions = {}): void {
  suite(`objective ${plugin.name}`, skips, (test) => {
    configTests(test, plugin.config);
    for (const raw of configs) {
      describe(`with ${JSON.stringify(raw)}`, () => {
        const make = (): LossUnderTest => underTest(plugin, raw);
        lossTestsOfKinds(test, make().needs, make, plugin.takesUnpaired);
        test('reads what it declares, and nothing else', () => {
          expect(unreadNeeds([make()])).toEqual([]);
        });
      });
    }
  });
}
