import { defineObjective, requireReference, sideOf, type BatchViews, type LossResult, type Need } from '@tether/core';
import {
  cast,
  constant,
  div,
  iota,
  logSigmoid,
  mean,
  mul,
  neg,
  reduceSum,
  reshape,
  sliceAxis,
  sqrt,
  sub,
  withGradient,
  type Tensor,
} from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { evaluateScalars, makeBatchViews } from './batchViews.ts';
import { configTests } from './configTests.ts';
import { lossTestsOfKinds, unreadNeeds } from './lossTests.ts';
import type { LossUnderTest } from './lossUnderTest.ts';
import { testObjective } from './testObjective.ts';

/** A kit is worth what it catches: each fault below is one that a plugin author may well make. */

const margins = (views: BatchViews): Tensor => {
  const { sums } = views.policy.logps;
  return sub(sideOf(sums, 0), sideOf(sums, 1));
};

const logistic = (views: BatchViews): Tensor => neg(logSigmoid(margins(views))); // [B]

testObjective(
  defineObjective({
    name: 'sound',
    description: 'a loss without a fault',
    config: z.strictObject({ beta: z.number().default(1).describe('scale') }),
    needs: () => ['rejected'],
    loss: (views, { beta }) => ({ loss: mul(views.meanOverRows(logistic(views)), beta) }),
  }),
  { configs: [{}, { beta: 2 }] },
);

/** Titles of the kit's tests that a loss fails. */
function failuresOf(
  build: (views: BatchViews) => LossResult,
  needs: readonly Need[] = ['rejected'],
  takesUnpaired = false,
): string[] {
  const failures: string[] = [];
  const under: LossUnderTest = { needs, extra: {}, build };
  const attempt = (title: string, run: () => void): void => {
    try {
      run();
    } catch {
      failures.push(title);
    }
  };
  lossTestsOfKinds(
    attempt,
    needs,
    () => under,
    takesUnpaired,
    (_kind, register) => register(),
  );
  return failures;
}

describe('the kit for losses catches', () => {
  it('nothing in a sound loss', () => {
    expect(failuresOf((views) => ({ loss: views.meanOverRows(logistic(views)) }))).toEqual([]);
  });

  it('a mean that counts filler rows', () => {
    const failures = failuresOf((views) => ({ loss: mean(logistic(views)) }));
    expect(failures).toContain('ignores filler rows');
    expect(failures).toContain('sends no gradient to filler rows');
    expect(failures).toContain('adds up: micro-batches sum to the whole batch');
  });

  it('weights that depend on where a row stands', () => {
    const failures = failuresOf((views) => {
      const place = cast(iota(views.rowWeight.shape, 0), 'f32');
      return { loss: views.meanOverRows(mul(logistic(views), place)) };
    });
    expect(failures).toContain('does not depend on the order of rows');
  });

  it('a look at masked places', () => {
    const failures = failuresOf(
      (views) => ({ loss: views.meanOverRows(reduceSum(views.policy.latents, [1, 2, 3])) }),
      ['rejected', 'latents'],
    );
    expect(failures).toEqual(['ignores what stands at masked places']);
  });

  it('a hand-made gradient that is wrong', () => {
    const failures = failuresOf((views) => {
      const { sums } = views.policy.logps;
      const wrong = withGradient(mul(sums, sums), [sums], (g) => [mul(g, sums)]); // not 2·sums
      return { loss: views.meanOverRows(sideOf(wrong, 0)) };
    });
    expect(failures).toEqual(['has the gradient that central differences give']);
  });

  it('a root without a slope where the policy is the reference, which is where every run starts', () => {
    const distance = (views: BatchViews): Tensor => {
      const gap = sub(views.policy.logps.sums, requireReference(views).logps.sums); // [B, 2]
      return sqrt(reduceSum(mul(gap, gap), [1]));
    };
    const failures = failuresOf(
      (views) => ({ loss: views.meanOverRows(distance(views)) }),
      ['rejected', 'referenceLogps'],
    );
    expect(failures).toEqual(['has finite values and gradients where the policy is the reference']);
  });

  it('a gradient that reaches the reference’s head', () => {
    const failures = failuresOf(
      (views) => {
        const { head } = requireReference(views);
        const first = sliceAxis(sideOf(views.policy.predictorStates, 0), 1, 0, 1); // [B, 1, H]: always a real token
        const states = reshape(first, [first.shape[0]!, first.shape[2]!]);
        return { loss: views.meanOverRows(reduceSum(head.logits(states, 0, 1), [1])) };
      },
      ['rejected', 'referenceLogps'],
    );
    expect(failures).toEqual(['sends no gradient to the reference']);
  });

  it('a loss that the policy cannot change', () => {
    expect(failuresOf(() => ({ loss: constant(0) }))).toEqual(['depends on the policy']);
  });

  it('a loss or a metric that is not one number', () => {
    const vectorLoss = failuresOf((views) => ({ loss: logistic(views) }));
    expect(vectorLoss).toContain('gives a finite scalar loss');
    const vectorMetric = failuresOf((views) => ({
      loss: views.meanOverRows(logistic(views)),
      metrics: { margins: margins(views) },
    }));
    expect(vectorMetric).toContain('gives finite scalar metrics');
  });

  it('a function that is not pure', () => {
    let calls = 0;
    const failures = failuresOf((views) => ({ loss: mul(views.meanOverRows(logistic(views)), ++calls) }));
    expect(failures).toContain('is a pure function: the same views give the same graph');
  });

  it('a loss of single completions or of pairs that does not take the other', () => {
    const sumOverSides = (views: BatchViews): Tensor => {
      const { sums } = views.policy.logps;
      return views.sides === 2 ? reduceSum(sums, [1]) : sideOf(sums, 0);
    };
    expect(failuresOf((views) => ({ loss: views.meanOverRows(sumOverSides(views)) }), [])).toEqual([]);
    const singleOnly = failuresOf(
      (views) => ({ loss: views.meanOverRows(reshape(views.policy.logps.sums, [views.rowWeight.shape[0]!])) }),
      [],
    );
    expect(singleOnly).toContain('gives a finite scalar loss');
    expect(failuresOf((views) => ({ loss: views.meanOverRows(logistic(views)) }), [])).toContain(
      'gives a finite scalar loss',
    );
  });

  it('a read of something undeclared', () => {
    const failures = failuresOf((views) => ({ loss: mean(requireReference(views).latents) }));
    expect(failures).toContain('gives a finite scalar loss');
    const { views } = makeBatchViews({ needs: ['referenceLogps'] });
    expect(() => views.reference?.latents).toThrow('add "referenceLatents" to `needs`');
    expect(() => views.policy.latents).toThrow('add "latents" to `needs`');
  });

  it('a loss of unpaired rows that divides by what they lack, or reads it', () => {
    const lengths = (views: BatchViews) => sideOf(views.completionLengths, 0);
    const divides = failuresOf(
      (views) => ({ loss: views.meanOverSide(div(sideOf(views.policy.logps.sums, 0), lengths(views)), 0) }),
      ['rejected'],
      true,
    );
    expect(divides).toContain('takes rows that lack a side: finite values and gradients');
    const firstUnit = (views: BatchViews) => sliceAxis(sideOf(views.policy.predictorStates, 0), 1, 0, 1); // [B, 1, H]
    const reads = failuresOf(
      (views) => ({ loss: views.meanOverRows(reduceSum(firstUnit(views), [1, 2])) }),
      ['rejected'],
      true,
    );
    expect(reads).toEqual(['ignores what stands in the place of sides that rows lack']);
  });

  it('a need that is declared but never read', () => {
    const build = (views: BatchViews): LossResult => ({ loss: views.meanOverRows(logistic(views)) });
    expect(unreadNeeds([{ needs: ['rejected', 'referenceLogps'], extra: {}, build }])).toEqual(['referenceLogps']);
  });
});

describe('the kit for configs catches', () => {
  const failing = (schema: z.ZodType): string[] => {
    const failures: string[] = [];
    configTests((title, run) => {
      try {
        void run();
      } catch {
        failures.push(title);
      }
    }, schema);
    return failures;
  };

  it('an option without a description, without a default, and a schema that swallows misspelt options', () => {
    expect(failing(z.strictObject({ beta: z.number().default(1) }))).toEqual([
      'config: is an object whose options all have descriptions',
    ]);
    expect(failing(z.strictObject({ beta: z.number().describe('scale') }))).toEqual([
      'config: has a default for every option',
    ]);
    expect(failing(z.object({ beta: z.number().default(1).describe('scale') }))).toEqual([
      'config: refuses an unknown option',
    ]);
  });
});

describe('makeBatchViews', () => {
  it('gives the numbers of its views, so that a formula can be worked out by hand', () => {
    const batch = makeBatchViews({ rows: [{ content: 1 }] });
    const logps = batch.points['policy/logps']!.data;
    const mask = batch.points['batch/completionMask']!.data;
    const sum = (side: number): number =>
      [0, 1, 2].reduce((total, token) => total + logps[3 * side + token]! * mask[3 * side + token]!, 0);
    const { loss } = evaluateScalars(batch.points, { loss: batch.views.meanOverRows(margins(batch.views)) });
    expect(loss).toBeCloseTo(sum(0) - sum(1), 12);
  });

  it('gives equal rows wherever they stand, and means over the whole optimizer batch', () => {
    const rows = [{ content: 0 }, { content: 3 }];
    const lossOf = (some: typeof rows): number => {
      const { views, points } = makeBatchViews({ rows: some, wholeBatch: rows });
      return evaluateScalars(points, { loss: views.meanOverRows(margins(views)) })['loss']!;
    };
    expect(lossOf(rows.slice(0, 1)) + lossOf(rows.slice(1))).toBeCloseTo(lossOf(rows.toReversed()), 12);
  });
});
