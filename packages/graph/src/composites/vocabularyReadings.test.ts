import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  add,
  distributionDivergence,
  evaluate,
  gather,
  input,
  labelLogProb,
  linearLogProb,
  log,
  matmul,
  mul,
  optimize,
  readVocabulary,
  reduceSum,
  sliceAxis,
  softmax,
  sub,
  traceGraph,
  vectorJacobian,
  type ChunkedHead,
  type DivergenceKind,
  type ReadModel,
  type Tensor,
} from '../index.ts';
import {
  cases,
  expectSameValues,
  FIVE_CHUNKS,
  numbers,
  ROUNDING,
  widestLogits,
  withGradients,
  type Case,
} from '../testing/chunks.ts';

const KINDS = ['reverse', 'forward', 'jensen-shannon'] as const satisfies readonly DivergenceKind[];

const headOf = (weight: Tensor): ChunkedHead => ({
  vocabularySize: weight.shape[0]!,
  logits: (states, start, limit) => matmul(states, sliceAxis(weight, 0, start, limit), { transposeB: true }),
});

const modelOf = (states: Tensor, weight: Tensor): ReadModel => ({ head: headOf(weight), states });

const inputsOf = ({ rows, hidden, vocabulary, seed }: Case) => ({
  tensors: {
    policy: input('policy', 'f32', [rows, hidden]),
    policyWeight: input('policyWeight', 'f32', [vocabulary, hidden]),
    reference: input('reference', 'f32', [rows, hidden + 1]),
    referenceWeight: input('referenceWeight', 'f32', [vocabulary, hidden + 1]),
    weights: input('weights', 'f32', [rows]),
  },
  values: {
    policy: numbers([rows, hidden], seed),
    policyWeight: numbers([vocabulary, hidden], seed + 1),
    reference: numbers([rows, hidden + 1], seed + 2),
    referenceWeight: numbers([vocabulary, hidden + 1], seed + 3),
    weights: numbers([rows], seed + 4),
  },
});

describe('distributionDivergence', () => {
  const kl = (p: Tensor, q: Tensor): Tensor => reduceSum(mul(p, sub(log(p), log(q))), [1]);
  /** The definitions, from whole probabilities. */
  const PLAIN: Readonly<Record<DivergenceKind, (p: Tensor, q: Tensor) => Tensor>> = {
    reverse: (p, q) => kl(p, q),
    forward: (p, q) => kl(q, p),
    'jensen-shannon': (p, q) => {
      const mixture = mul(add(p, q), 0.5);
      return mul(add(kl(p, mixture), kl(q, mixture)), 0.5);
    },
  };

  it.each(KINDS)('has the value and the policy gradients of its definition, for any chunk size: %s', (kind) => {
    fc.assert(
      fc.property(cases, (example) => {
        const { tensors, values } = inputsOf(example);
        const { policy, policyWeight, reference, referenceWeight, weights } = tensors;
        const wrt = { policy, policyWeight };
        const chunked = distributionDivergence(
          modelOf(policy, policyWeight),
          modelOf(reference, referenceWeight),
          kind,
          example.chunk,
        );
        const probabilities = (states: Tensor, weight: Tensor): Tensor =>
          softmax(matmul(states, weight, { transposeB: true }));
        const plain = PLAIN[kind](probabilities(policy, policyWeight), probabilities(reference, referenceWeight));
        const graph = withGradients(chunked, wrt, weights);
        expectSameValues(graph, withGradients(plain, wrt, weights), values);
        expectSameValues(optimize(graph), graph, values);
      }),
    );
  });

  it.each(KINDS)('gives the reference no gradient: %s', (kind) => {
    const { policy, policyWeight, reference, referenceWeight, weights } = inputsOf({
      rows: 3,
      hidden: 2,
      vocabulary: 7,
      chunk: 3,
      seed: 5,
    }).tensors;
    const value = distributionDivergence(modelOf(policy, policyWeight), modelOf(reference, referenceWeight), kind, 3);
    const graph = traceGraph(
      new Map(vectorJacobian(value, [reference, referenceWeight], weights).map((g, index) => [`g${index}`, g])),
    );
    for (const { data } of evaluate(graph).values()) expect(data.every((x) => x === 0)).toBe(true);
  });

  it.each(KINDS)('is 0, with gradient 0, where policy and reference agree: %s', (kind) => {
    const example = { rows: 3, hidden: 2, vocabulary: 7, chunk: 3, seed: 9 };
    const [policy, weight] = [input('policy', 'f32', [3, 2]), input('weight', 'f32', [7, 2])];
    const [reference, frozen] = [input('reference', 'f32', [3, 2]), input('frozen', 'f32', [7, 2])];
    const value = distributionDivergence(modelOf(policy, weight), modelOf(reference, frozen), kind, example.chunk);
    const graph = withGradients(value, { policy, weight }, input('weights', 'f32', [3]));
    const [states, matrix] = [numbers([3, 2], 1), numbers([7, 2], 2)];
    const values = { policy: states, weight: matrix, reference: states, frozen: matrix, weights: [1, 1, 1] };
    for (const { data } of evaluate(graph, values).values())
      data.forEach((x) => {
        expect(Math.abs(x)).toBeLessThan(ROUNDING);
      });
  });

  it.each(KINDS)('stays finite where the distributions are one-hot and disjoint: %s', (kind) => {
    const [policy, reference] = [input('policy', 'f32', [1, 1]), input('reference', 'f32', [1, 1])];
    const weight = input('weight', 'f32', [4, 1]);
    const value = distributionDivergence(modelOf(policy, weight), modelOf(reference, weight), kind, 2);
    const graph = withGradients(value, { policy, weight }, input('weights', 'f32', [1]));
    const result = evaluate(graph, { policy: [1000], reference: [-1000], weight: [1, 0, 0.5, -1], weights: [1] });
    for (const { data } of result.values()) expect(data.every(Number.isFinite)).toBe(true);
    if (kind === 'jensen-shannon') expect(result.get('value')!.data[0]).toBeCloseTo(Math.LN2, 12);
  });

  it.each(KINDS)('never holds more logits than one chunk: %s', (kind) => {
    const { policy, policyWeight, reference, referenceWeight, weights } = inputsOf(FIVE_CHUNKS).tensors;
    const value = distributionDivergence(modelOf(policy, policyWeight), modelOf(reference, referenceWeight), kind, 4);
    const graph = optimize(withGradients(value, { policy, policyWeight }, weights));
    expect(widestLogits(graph, 6)).toBe(5); // the columns of the 5 chunks' sums
    const passes = kind === 'jensen-shannon' ? 3 : 2; // forward (twice for the mixture) and backward
    const logits = graph.nodes.filter(
      ({ operation, shape }) => operation.name === 'matmul' && shape[0] === 6 && shape[1] === 4,
    );
    expect(logits).toHaveLength(2 * 5 * passes);
  });

  it('names vocabularies that differ', () => {
    const states = input('states', 'f32', [2, 3]);
    const [a, b] = [headOf(input('a', 'f32', [5, 3])), headOf(input('b', 'f32', [6, 3]))];
    expect(() => distributionDivergence({ head: a, states }, { head: b, states }, 'reverse')).toThrow(/5 and 6/);
  });
});

describe('readVocabulary', () => {
  it('gives log-probabilities and divergences at once as they are one by one, gradients included', () => {
    fc.assert(
      fc.property(cases, (example) => {
        const { tensors, values } = inputsOf(example);
        const { policy, policyWeight, reference, referenceWeight, weights } = tensors;
        const labels = input('labels', 'i32', [example.rows]);
        const given = {
          ...values,
          labels: values.weights.map((x) => Math.floor(Math.abs(x) * 100) % example.vocabulary),
        };
        const [a, b] = [modelOf(policy, policyWeight), modelOf(reference, referenceWeight)];
        const { policyTotal, referenceTotal, divergence } = readVocabulary(a, b, ['forward', 'reverse'], example.chunk);
        const logit = (states: Tensor, weight: Tensor) => reduceSum(mul(states, gather(weight, labels)), [1]);
        const together = [
          labelLogProb(logit(policy, policyWeight), policyTotal),
          labelLogProb(logit(reference, referenceWeight), referenceTotal),
          divergence('reverse'),
          divergence('forward'),
        ];
        const apart = [
          linearLogProb(policy, policyWeight, labels),
          linearLogProb(reference, referenceWeight, labels),
          distributionDivergence(a, b, 'reverse'),
          distributionDivergence(a, b, 'forward'),
        ];
        const total = (parts: readonly Tensor[]) =>
          parts.map((part, index) => mul(part, index + 0.5)).reduce((sum, part) => add(sum, part));
        const wrt = { policy, policyWeight };
        const graph = withGradients(total(together), wrt, weights);
        expectSameValues(graph, withGradients(total(apart), wrt, weights), given);
        expectSameValues(optimize(graph), graph, given);
      }),
    );
  });

  it('computes the logits of both models once forward and once backward, whatever is read', () => {
    const { policy, policyWeight, reference, referenceWeight, weights } = inputsOf(FIVE_CHUNKS).tensors;
    const [a, b] = [modelOf(policy, policyWeight), modelOf(reference, referenceWeight)];
    const { policyTotal, divergence } = readVocabulary(a, b, ['reverse', 'forward'], 4);
    const value = add(policyTotal, add(divergence('reverse'), divergence('forward')));
    const { nodes } = optimize(withGradients(value, { policy, policyWeight }, weights));
    const products = nodes.filter(({ operation, shape }) => operation.name === 'matmul' && shape[0] === 6);
    expect(products.filter(({ shape }) => shape[1] === 4)).toHaveLength(2 * 5 * 2);
    expect(products.filter(({ shape }) => shape[1] === 3)).toHaveLength(5); // towards the states, once per chunk
  });
});
