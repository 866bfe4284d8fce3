import type { EncodedRow } from '@tether/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../errors.ts';
import { batchesOfStep } from './batches.ts';
import { paddingShare, planBuckets } from './buckets.ts';
import { collate } from './collate.ts';
import { LAID_OUT_LENGTH, type Layout, rowLengths } from './layout.ts';
import { createSampler, epochSteps, FILLER } from './sampler.ts';

let nextToken = 1;
const tokens = (length: number) => Int32Array.from({ length }, () => nextToken++);
const rowOf = (rowNumber: number, prompt: number, ...completions: number[]): EncodedRow => ({
  rowNumber,
  prompt: tokens(prompt),
  completions: completions.map(tokens),
});
const anyRows = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })), {
    minLength: 1,
    maxLength: 60,
  })
  .map((lengths) => lengths.map(([prompt, chosen, rejected], index) => rowOf(index + 1, prompt, chosen, rejected)));
const anyLayout = fc.constantFrom<Layout>('compact', 'padded');

describe('a collated batch', () => {
  const row: EncodedRow = {
    rowNumber: 9,
    prompt: Int32Array.of(5, 6),
    completions: [Int32Array.of(7, 8, 9), Int32Array.of(10)],
  };
  const shape = { rows: 2, rowLength: 8, sides: 2, completionLength: 3, viewLength: 5 } as const;

  it('lies as its type says (compact)', () => {
    const batch = collate([row], shape, { layout: 'compact', padTokenId: 1 });
    const first = (values: Iterable<number>, count: number) => [...values].slice(0, count);
    expect(first(batch.tokens, 8)).toEqual([5, 6, 7, 8, 9, 10, 1, 1]);
    expect(first(batch.segments, 8)).toEqual([1, 1, 2, 2, 2, 3, 0, 0]);
    expect(first(batch.positions, 8)).toEqual([0, 1, 2, 3, 4, 2, 0, 0]);
    expect(first(batch.keyMask, 8)).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
    expect(first(batch.labels, 6)).toEqual([7, 8, 9, 10, 0, 0]);
    expect(first(batch.predictors, 6)).toEqual([1, 2, 3, 1, 0, 0]);
    expect(first(batch.completionMask, 6)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(first(batch.views, 10)).toEqual([0, 1, 2, 3, 4, 0, 1, 5, 0, 0]);
    expect(first(batch.viewMask, 10)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
  });

  it('lies as its type says (padded)', () => {
    const batch = collate([row], { ...shape, rows: 1, rowLength: 10 }, { layout: 'padded', padTokenId: 1 });
    expect([...batch.tokens]).toEqual([5, 6, 7, 8, 9, 10, 1, 1, 1, 1]);
    expect([...batch.segments]).toEqual([1, 1, 2, 2, 2, 3, 3, 3, 0, 0]);
    expect([...batch.positions]).toEqual([0, 1, 2, 3, 4, 2, 3, 4, 0, 0]);
    expect([...batch.keyMask]).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
    expect([...batch.views]).toEqual([0, 1, 2, 3, 4, 0, 1, 5, 6, 7]);
    expect([...batch.viewMask]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
  });

  it('has nothing of a side that a row lacks', () => {
    const [up, down] = row.completions;
    const apart = [
      { ...row, completions: [up!, new Int32Array()] },
      { ...row, completions: [new Int32Array(), down!] },
    ];
    const batch = collate(apart, { ...shape, rowLength: 5 }, { layout: 'compact', padTokenId: 1 });
    expect([...batch.tokens]).toEqual([5, 6, 7, 8, 9, 5, 6, 10, 1, 1]);
    expect([...batch.segments]).toEqual([1, 1, 2, 2, 2, 1, 1, 3, 0, 0]);
    expect([...batch.positions]).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 0, 0]);
    expect([...batch.predictors]).toEqual([1, 2, 3, 0, 0, 0, 0, 0, 0, 6, 0, 0]);
    expect([...batch.completionMask]).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    expect([...batch.viewMask]).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0]);
  });

  it('is filled up with copies of a real row, of weight 0 and number −1', () => {
    const batch = collate([row], shape, { layout: 'compact', padTokenId: 1 });
    expect([...batch.rowWeight]).toEqual([1, 0]);
    expect(batch.rowNumbers).toEqual([9, -1]);
    expect(batch.tokens.subarray(8)).toEqual(batch.tokens.subarray(0, 8));
    expect([...batch.predictors.subarray(6)]).toEqual([9, 10, 11, 9, 0, 0]);
    expect(batch.completionMask.subarray(6)).toEqual(batch.completionMask.subarray(0, 6));
  });

  it('refuses rows that do not fit, by number', () => {
    const options = { layout: 'compact', padTokenId: 0 } as const;
    const refused = (bad: EncodedRow) => () => collate([bad], shape, options);
    expect(refused(rowOf(3, 2, 4, 1))).toThrow(
      'row 3 does not fit its batch: its completion has 4 tokens, the bucket 3.',
    );
    expect(refused(rowOf(3, 3, 3, 1))).toThrow(/prompt \+ completion have 6 tokens, the bucket 5/);
    expect(refused(rowOf(3, 2, 3, 3))).not.toThrow();
    expect(() => collate([rowOf(3, 2, 3, 3)], { ...shape, rowLength: 7 }, options)).toThrow(
      /it takes 8 tokens, the bucket has 7/,
    );
    expect(refused(rowOf(3, 2, 1))).toThrow(/it has 1 completions, the batch 2/);
    expect(refused(rowOf(3, 0, 1, 1))).toThrow(/no prompt token/);
    expect(refused(rowOf(3, 1, 0, 0))).toThrow(/no completion tokens/);
    expect(refused(rowOf(3, 2, 4, 1))).toThrow(DataError);
    expect(() => collate([], shape, options)).toThrow(RangeError);
    expect(() => collate([row, row, row], shape, options)).toThrow(RangeError);
  });
});

describe('buckets', () => {
  it('hold every row of any data, in either layout', () => {
    fc.assert(
      fc.property(
        anyRows,
        anyLayout,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 16 }),
        (rows, layout, maxCount, multiple) => {
          const plan = planBuckets(rows, layout, { max_count: maxCount, multiple_of: multiple });
          expect(plan.buckets.length).toBeLessThanOrEqual(maxCount);
          rows.forEach((row, index) => {
            const bucket = plan.buckets[plan.bucketOfRow[index]!]!;
            expect(LAID_OUT_LENGTH[layout](row, bucket.viewLength)).toBeLessThanOrEqual(bucket.rowLength);
            expect(rowLengths(row).completion).toBeLessThanOrEqual(bucket.completionLength);
            expect(rowLengths(row).view).toBeLessThanOrEqual(bucket.viewLength);
            expect(bucket.rowLength % multiple).toBe(0);
            expect(() => collate([row], { ...bucket, rows: 1 }, { layout, padTokenId: 0 })).not.toThrow();
          });
        },
      ),
    );
  });

  it('waste no more than any other choice of as many lengths', () => {
    const fewRows = fc
      .array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 })
      .map((lengths) => lengths.map((length, index) => rowOf(index + 1, length, 1, 1)));
    fc.assert(
      fc.property(fewRows, fc.integer({ min: 1, max: 12 }), (rows, other) => {
        const tokensOf = (boundaries: number[]) =>
          rows.reduce((sum, row) => sum + boundaries.find((boundary) => boundary >= rowLengths(row).total)!, 0);
        const longest = Math.max(...rows.map((row) => rowLengths(row).total));
        const plan = planBuckets(rows, 'compact', { max_count: 2, multiple_of: 1 });
        const best = tokensOf(plan.buckets.map(({ rowLength }) => rowLength));
        expect(best).toBeLessThanOrEqual(tokensOf([Math.min(other + 2, longest), longest]));
      }),
    );
  });

  it('take as many rows as a large file has', () => {
    const row = rowOf(1, 3, 2, 2);
    const rows = Array.from({ length: 300_000 }, (_, index) => ({ ...row, rowNumber: index + 1 }));
    const plan = planBuckets(rows, 'compact', { max_count: 2, multiple_of: 8 });
    expect(plan.buckets).toEqual([{ rowLength: 8, sides: 2, completionLength: 2, viewLength: 5 }]);
    expect(createSampler({ bucketOfRow: plan.bucketOfRow, rowsPerStep: 8, seed: 0 }).stepsPerEpoch).toBe(37_500);
  });

  it('take lengths of your own, and name rows that none of them holds', () => {
    const rows = [rowOf(1, 3, 2, 2), rowOf(2, 10, 4, 4), rowOf(3, 10, 20, 4)];
    const plan = planBuckets(rows, 'compact', { max_count: 4, multiple_of: 16, boundaries: [40, 8, 24, 100] });
    expect(plan.buckets).toEqual([
      { rowLength: 8, sides: 2, completionLength: 2, viewLength: 5 },
      { rowLength: 24, sides: 2, completionLength: 4, viewLength: 14 },
      { rowLength: 40, sides: 2, completionLength: 20, viewLength: 30 },
    ]);
    expect(paddingShare(rows, plan)).toBeCloseTo(1 - (7 + 18 + 34) / (8 + 24 + 40), 12);
    const short = () => planBuckets(rows, 'compact', { max_count: 4, multiple_of: 1, boundaries: [8, 16] });
    expect(short).toThrow(
      /2 rows are longer than the last of buckets\.boundaries \(16\): rows 2, 3\. The longest takes 34/,
    );
  });
});

describe('the sampler', () => {
  const anyBuckets = fc.array(fc.nat(3), { minLength: 1, maxLength: 50 });
  const anyRowsPerStep = fc.integer({ min: 1, max: 8 });

  it('shows every row once per epoch, one bucket per step, the rest filled', () => {
    fc.assert(
      fc.property(anyBuckets, anyRowsPerStep, fc.integer(), fc.nat(5), (bucketOfRow, rowsPerStep, seed, epoch) => {
        const sampler = createSampler({ bucketOfRow, rowsPerStep, seed });
        const steps = Array.from({ length: sampler.stepsPerEpoch }, (_, k) =>
          sampler.step(epoch * sampler.stepsPerEpoch + k),
        );
        const shown = steps.flatMap(({ rows }) => rows).filter((row) => row !== FILLER);
        expect(shown.toSorted((a, b) => a - b)).toEqual(bucketOfRow.map((_, row) => row));
        for (const step of steps) {
          expect(step.epoch).toBe(epoch);
          expect(step.rows).toHaveLength(rowsPerStep);
          expect(step.rows[0]).not.toBe(FILLER);
          for (const row of step.rows) if (row !== FILLER) expect(bucketOfRow[row]).toBe(step.bucket);
        }
      }),
    );
  });

  it('resumes anywhere without state: step k alone is step k of the whole run', () => {
    fc.assert(
      fc.property(anyBuckets, anyRowsPerStep, fc.integer(), fc.nat(100), (bucketOfRow, rowsPerStep, seed, step) => {
        const options = { bucketOfRow, rowsPerStep, seed };
        const whole = createSampler(options);
        const run = Array.from({ length: step + 1 }, (_, k) => whole.step(k));
        expect(createSampler(options).step(step)).toEqual(run.at(-1));
        expect(whole.step(0)).toEqual(run[0]);
      }),
    );
  });

  it('orders epochs and seeds differently, and mixes the buckets', () => {
    const bucketOfRow = Array.from({ length: 64 }, (_, row) => row % 2);
    const order = (seed: number, epoch: number) => epochSteps({ bucketOfRow, rowsPerStep: 4, seed }, epoch);
    const orders = [order(0, 0), order(0, 1), order(1, 0)].map((steps) => steps.map(({ rows }) => rows).join());
    expect(new Set(orders).size).toBe(3);
    const buckets = order(0, 0).map(({ bucket }) => bucket);
    expect(buckets).not.toEqual(buckets.toSorted());
  });

  it('keeps the order of rows when told not to shuffle', () => {
    const steps = epochSteps({ bucketOfRow: [1, 0, 1, 0, 0], rowsPerStep: 2, seed: 0, shuffle: false }, 3);
    expect(steps.map(({ rows }) => rows)).toEqual([
      [1, 3],
      [4, FILLER],
      [0, 2],
    ]);
  });

  it('refuses steps and sizes that make no sense', () => {
    const sampler = createSampler({ bucketOfRow: [0], rowsPerStep: 1, seed: 0 });
    expect(() => sampler.step(-1)).toThrow(RangeError);
    expect(() => createSampler({ bucketOfRow: [], rowsPerStep: 1, seed: 0 })).toThrow(RangeError);
    expect(() => createSampler({ bucketOfRow: [0], rowsPerStep: 0, seed: 0 })).toThrow(RangeError);
  });
});

describe('the batches of a step', () => {
  it('together are the one large batch: accumulating changes nothing about who is in a step', () => {
    fc.assert(
      fc.property(
        anyRows,
        anyLayout,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        (rows, layout, perBatch, batches) => {
          const plan = planBuckets(rows, layout, { max_count: 3, multiple_of: 8 });
          const sampler = createSampler({ bucketOfRow: plan.bucketOfRow, rowsPerStep: perBatch * batches, seed: 1 });
          for (let k = 0; k < sampler.stepsPerEpoch; k++) {
            const split = batchesOfStep(sampler.step(k), rows, plan, { rowsPerBatch: perBatch, padTokenId: 0 });
            const [whole] = batchesOfStep(sampler.step(k), rows, plan, {
              rowsPerBatch: perBatch * batches,
              padTokenId: 0,
            });
            expect(split).toHaveLength(batches);
            expect(split.flatMap(({ rowNumbers }) => rowNumbers)).toEqual(whole!.rowNumbers);
            expect(split.flatMap(({ tokens: own }) => [...own])).toEqual([...whole!.tokens]);
            expect(split.flatMap(({ rowWeight }) => [...rowWeight])).toEqual([...whole!.rowWeight]);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('must divide the step', () => {
    const rows = [rowOf(1, 2, 2, 2)];
    const plan = planBuckets(rows, 'compact', { max_count: 1, multiple_of: 1 });
    const step = createSampler({ bucketOfRow: plan.bucketOfRow, rowsPerStep: 3, seed: 0 }).step(0);
    expect(() => batchesOfStep(step, rows, plan, { rowsPerBatch: 2, padTokenId: 0 })).toThrow(/3 rows per step/);
  });
});
