import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chunksOf,
  evaluate,
  gather,
  input,
  linearLogProb,
  logSumExp,
  matmul,
  mul,
  optimize,
  reduceSum,
  sub,
  traceGraph,
  uniformNumbers,
  type Tensor,
} from '../index.ts';
import {
  cases,
  expectSameValues,
  FIVE_CHUNKS,
  numbers,
  widestLogits,
  withGradients,
  type Case,
} from '../testing/chunks.ts';

describe('chunksOf', () => {
  it('covers the vocabulary in order, without gaps, in pieces of at most the chunk size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 600 }), (size, chunk) => {
        const chunks = chunksOf(size, chunk);
        expect(chunks[0]!.start).toBe(0);
        expect(chunks.at(-1)!.limit).toBe(size);
        chunks.slice(1).forEach(({ start }, index) => {
          expect(start).toBe(chunks[index]!.limit);
        });
        for (const { start, limit } of chunks) expect(limit - start).toBeLessThanOrEqual(chunk);
        expect(Math.min(...chunks.map(({ start, limit }) => limit - start))).toBeGreaterThan(0);
      }),
    );
  });
});

describe('linearLogProb', () => {
  const inputsOf = ({ rows, hidden, vocabulary, seed }: Case) => ({
    tensors: {
      states: input('states', 'f32', [rows, hidden]),
      weight: input('weight', 'f32', [vocabulary, hidden]),
      labels: input('labels', 'i32', [rows]),
      weights: input('weights', 'f32', [rows]),
    },
    values: {
      states: numbers([rows, hidden], seed),
      weight: numbers([vocabulary, hidden], seed + 1),
      labels: uniformNumbers(rows, seed + 2, 0, vocabulary).map(Math.floor),
      weights: numbers([rows], seed + 3),
    },
  });

  /** log softmax of whole logits at the labels. */
  const plain = (states: Tensor, weight: Tensor, labels: Tensor): Tensor => {
    const logits = matmul(states, weight, { transposeB: true });
    return sub(reduceSum(mul(states, gather(weight, labels)), [1]), logSumExp(logits));
  };

  it('has the value and the gradients of the plain form, for any chunk size', () => {
    fc.assert(
      fc.property(cases, (example) => {
        const { tensors, values } = inputsOf(example);
        const { states, weight, labels, weights } = tensors;
        for (const keptBytes of [0, 2 ** 20]) {
          const chunked = linearLogProb(states, weight, labels, { chunk: example.chunk, keptBytes });
          const graph = withGradients(chunked, { states, weight }, weights);
          expectSameValues(graph, withGradients(plain(states, weight, labels), { states, weight }, weights), values);
          expectSameValues(optimize(graph), graph, values);
        }
      }),
    );
  });

  it('never holds more logits than one chunk, forward or backward', () => {
    const { states, weight, labels, weights } = inputsOf(FIVE_CHUNKS).tensors;
    const graph = optimize(
      withGradients(linearLogProb(states, weight, labels, { chunk: 4, keptBytes: 0 }), { states, weight }, weights),
    );
    expect(widestLogits(graph, FIVE_CHUNKS.rows)).toBe(5); // the 5 columns are the log-sum-exps of the 5 chunks
    const logits = graph.nodes.filter(
      ({ operation, shape }) => operation.name === 'matmul' && shape[0] === 6 && shape[1] === 4,
    );
    expect(logits).toHaveLength(10); // 5 chunks, computed again for the gradient: a merge would keep them
  });

  it('computes logits once where they are few enough to be kept', () => {
    const { states, weight, labels, weights } = inputsOf(FIVE_CHUNKS).tensors;
    const productsKeeping = (keptBytes: number): number => {
      const value = linearLogProb(states, weight, labels, { chunk: 4, keptBytes });
      const { nodes } = optimize(withGradients(value, { states, weight }, weights));
      return nodes.filter(({ shape, operation }) => operation.name === 'matmul' && shape[0] === 6 && shape[1] === 4)
        .length;
    };
    expect(productsKeeping(6 * 20 * 4)).toBe(5);
    expect(productsKeeping(6 * 20 * 4 - 1)).toBe(10);
  });

  it('stays finite and at most 0 for logits of hundreds', () => {
    const [states, weight] = [input('states', 'f32', [2, 1]), input('weight', 'f32', [3, 1])];
    const value = linearLogProb(states, weight, input('labels', 'i32', [2]), { chunk: 2 });
    const result = evaluate(traceGraph({ value }), { states: [1000, -1000], weight: [1, 0, -1], labels: [0, 0] });
    expect([...result.get('value')!.data]).toEqual([0, -2000]);
  });

  it('names shapes that do not fit', () => {
    const [states, labels] = [input('states', 'f32', [2, 3]), input('labels', 'i32', [2])];
    expect(() => linearLogProb(states, input('w', 'f32', [5, 4]), labels)).toThrow(/f32\[2, 3\].*f32\[5, 4\]/);
    expect(() => linearLogProb(states, input('w', 'f32', [5, 3]), input('l', 'i32', [3]))).toThrow(
      /i32\[2\].*i32\[3\]/,
    );
  });
});
