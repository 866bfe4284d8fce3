/**
 * The prompt-once row against rows of their own: a small attention model in float64, run by the batch's rule (who sees
 * whom, at which position) and run on each `prompt + completion` alone, must give the same hidden states.
 */
import type { EncodedRow, HostBatch } from '@tether/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomKey, randomUniform } from '../random.ts';
import { planBuckets } from './buckets.ts';
import { collate } from './collate.ts';
import type { Layout } from './layout.ts';

const WIDTH = 8;
const LAYERS = 2; // the second layer shows that every hidden state below is right too, not only the last one
const VOCABULARY = 20;
const PAD = 0;

type Vector = readonly number[];
/** One token as the model sees it. `keys` are the places it may attend to. */
interface Place {
  readonly token: number;
  readonly position: number;
  readonly keys: readonly number[];
}

const weights = (stream: number, rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => randomUniform(randomKey(5, stream, row), column) - 0.5),
  );
const EMBEDDING = weights(0, VOCABULARY, WIDTH);
const MATRICES = Array.from({ length: LAYERS }, (_, layer) => ({
  query: weights(10 * layer + 1, WIDTH, WIDTH),
  key: weights(10 * layer + 2, WIDTH, WIDTH),
  value: weights(10 * layer + 3, WIDTH, WIDTH),
}));

const dot = (a: Vector, b: Vector): number => a.reduce((sum, value, index) => sum + value * b[index]!, 0);
const times = (matrix: readonly Vector[], vector: Vector): number[] => matrix.map((row) => dot(row, vector));

/** Rotary embedding: the pair (k, k + half) turns by position / 100^(2k / width). */
function rotate(vector: Vector, position: number): number[] {
  const half = WIDTH / 2;
  return vector.map((value, index) => {
    const angle = position / 100 ** ((2 * (index % half)) / WIDTH);
    const other = index < half ? -vector[index + half]! : vector[index - half]!;
    return value * Math.cos(angle) + other * Math.sin(angle);
  });
}

function attend(query: Vector, keys: readonly Vector[], values: readonly Vector[]): number[] {
  const scores = keys.map((key) => Math.exp(dot(query, key)));
  const total = scores.reduce((sum, score) => sum + score, 0);
  return Array.from({ length: WIDTH }, (_, c) =>
    values.reduce((sum, value, j) => sum + (scores[j]! / total) * value[c]!, 0),
  );
}

/** Hidden states [places, WIDTH] after residual attention layers with a tanh. */
function hiddenStates(places: readonly Place[]): Vector[] {
  let hidden: Vector[] = places.map(({ token }) => EMBEDDING[token]!);
  for (const { query, key, value } of MATRICES) {
    const keys = hidden.map((state, i) => rotate(times(key, state), places[i]!.position));
    const values = hidden.map((state) => times(value, state));
    hidden = hidden.map((state, i) => {
      const own = places[i]!;
      const seen = own.keys.map((j) => keys[j]!);
      const mixed = attend(
        rotate(times(query, state), own.position),
        seen,
        own.keys.map((j) => values[j]!),
      );
      return state.map((old, c) => old + Math.tanh(mixed[c]!));
    });
  }
  return hidden;
}

/** The rule as the batch's type states it: j ≤ i, keyMask[j] is 1, segment j is the prompt or that of i. */
function placesOfRow(batch: HostBatch, b: number): Place[] {
  const { rowLength } = batch.shape;
  const at = (index: number) => b * rowLength + index;
  return Array.from({ length: rowLength }, (_, i) => ({
    token: batch.tokens[at(i)]!,
    position: batch.positions[at(i)]!,
    keys: Array.from({ length: i + 1 }, (_, j) => j).filter((j) => {
      const segment = batch.segments[at(j)]!;
      return batch.keyMask[at(j)] === 1 && (segment === 1 || segment === batch.segments[at(i)]);
    }),
  }));
}

/** A row of its own: plain causal attention over its real tokens, padded at its end with tokens that nobody sees. */
function placesAlone(tokens: readonly number[], length: number): Place[] {
  return Array.from({ length }, (_, i) => ({
    token: tokens[i] ?? PAD,
    position: i,
    keys: Array.from({ length: Math.min(i + 1, tokens.length) }, (_, j) => j),
  }));
}

const ids = fc.array(fc.integer({ min: 1, max: VOCABULARY - 1 }), { minLength: 1, maxLength: 7 });
const rowsOf = (sides: number) =>
  fc.array(fc.record({ prompt: ids, completions: fc.array(ids, { minLength: sides, maxLength: sides }) }), {
    minLength: 1,
    maxLength: 3,
  });

function batchOf(rows: readonly EncodedRow[], layout: Layout, fillers: number): HostBatch {
  const { buckets } = planBuckets(rows, layout, { max_count: 1, multiple_of: 4 });
  return collate(rows, { ...buckets[0]!, rows: rows.length + fillers }, { layout, padTokenId: PAD });
}

function encode(rows: readonly { prompt: number[]; completions: number[][] }[]): EncodedRow[] {
  return rows.map(({ prompt, completions }, index) => ({
    rowNumber: index + 1,
    prompt: Int32Array.from(prompt),
    completions: completions.map((completion) => Int32Array.from(completion)),
  }));
}

// Both sides add the same numbers in the same order; only masked zeros could differ. Values are of order 1.
const TOLERANCE = 1e-12;

function expectClose(actual: Vector, expected: Vector): void {
  expect(Math.max(...actual.map((value, index) => Math.abs(value - expected[index]!)))).toBeLessThan(TOLERANCE);
}

/** Compares the batch's views, and the states that predict its labels, with each side computed alone. */
function expectEqualToSeparateRows(batch: HostBatch, rows: readonly EncodedRow[], paddingToo: boolean): void {
  const { sides, viewLength, completionLength, rowLength } = batch.shape;
  rows.forEach((row, b) => {
    const packed = hiddenStates(placesOfRow(batch, b));
    const state = (flat: number) => packed[flat - b * rowLength]!;
    for (let side = 0; side < sides; side++) {
      const completion = row.completions[side]!;
      const tokens = [...row.prompt, ...completion];
      const alone = hiddenStates(placesAlone(tokens, viewLength));
      const view = (b * sides + side) * viewLength;
      const label = (b * sides + side) * completionLength;
      const compared = paddingToo ? viewLength : tokens.length;
      for (let k = 0; k < compared; k++) expectClose(state(batch.views[view + k]!), alone[k]!);
      for (let k = 0; k < completion.length; k++) {
        expect(batch.labels[label + k]).toBe(completion[k]);
        expectClose(state(batch.predictors[label + k]!), alone[row.prompt.length + k - 1]!);
      }
      const real = (mask: Float32Array, start: number, length: number) => [...mask.subarray(start, start + length)];
      expect(real(batch.viewMask, view, viewLength).lastIndexOf(1)).toBe(tokens.length - 1);
      expect(real(batch.completionMask, label, completionLength).lastIndexOf(1)).toBe(completion.length - 1);
    }
  });
}

describe('the prompt-once row', () => {
  it.each([1, 2] as const)('equals separate rows (%d sides)', (sides) => {
    fc.assert(
      fc.property(rowsOf(sides), fc.nat(2), (drawn, fillers) => {
        const rows = encode(drawn);
        expectEqualToSeparateRows(batchOf(rows, 'compact', fillers), rows, false);
      }),
      { numRuns: 40 },
    );
  });

  it.each([1, 2] as const)('padded, equals separate rows padded at their end, padding included (%d sides)', (sides) => {
    fc.assert(
      fc.property(rowsOf(sides), fc.nat(2), (drawn, fillers) => {
        const rows = encode(drawn);
        expectEqualToSeparateRows(batchOf(rows, 'padded', fillers), rows, true);
      }),
      { numRuns: 40 },
    );
  });

  it('would not equal them if rejected saw chosen or kept counting positions', () => {
    const rows = encode([
      {
        prompt: [1, 2],
        completions: [
          [3, 4],
          [5, 6],
        ],
      },
    ]);
    const batch = batchOf(rows, 'compact', 0);
    const blind = { ...batch, segments: batch.segments.map((segment) => (segment === 3 ? 2 : segment)) };
    const counting = { ...batch, positions: batch.positions.map((_, index) => index) };
    for (const wrong of [blind, counting]) expect(() => expectEqualToSeparateRows(wrong, rows, false)).toThrow();
  });

  it('gives every query something to see, fillers and padding too', () => {
    fc.assert(
      fc.property(rowsOf(2), fc.constantFrom<Layout>('compact', 'padded'), (drawn, layout) => {
        const batch = batchOf(encode(drawn), layout, 1);
        for (let b = 0; b < batch.shape.rows; b++) {
          for (const { keys } of placesOfRow(batch, b)) expect(keys.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});
