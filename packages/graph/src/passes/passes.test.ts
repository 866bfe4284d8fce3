import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as g from '../index.ts';
import { buildRandomGraph, randomGraphInputs, randomGraphs } from '../testing/randomGraphs.ts';

/** The graph's outputs at fixed numbers; −0 counts as 0. */
function valuesOf(graph: g.Graph): Record<string, number[]> {
  const used = Object.entries(randomGraphInputs).filter(([name]) => graph.inputs.has(name));
  const values = g.evaluate(graph, Object.fromEntries(used));
  return Object.fromEntries([...values].map(([name, { data }]) => [name, [...data].map((x) => x + 0)]));
}

const typesOf = (graph: g.Graph): string[] => [...graph.outputs].map(([name, t]) => `${name}: ${g.formatType(t)}`);

const PASSES: Readonly<Record<string, (graph: g.Graph) => g.Graph>> = {
  simplify: g.simplify,
  mergeCommonSubexpressions: g.mergeCommonSubexpressions,
  decompose: (graph) => g.decompose(graph, new Set()),
  'decompose all but softmax': (graph) => g.decompose(graph, new Set(['softmax'])),
  optimize: (graph) => g.optimize(graph),
  'optimize, keeping native composites': (graph) => g.optimize(graph, ['softmax', 'rmsNorm']),
  'optimize twice': (graph) => g.optimize(g.optimize(graph)),
};

describe('passes keep the meaning of random graphs', () => {
  it.each(Object.entries(PASSES))('%s', (_, pass) => {
    fc.assert(
      fc.property(randomGraphs, (random) => {
        const graph = buildRandomGraph(random);
        const after = g.verify(pass(g.verify(graph)));
        expect(typesOf(after)).toEqual(typesOf(graph));
        expect(valuesOf(after)).toEqual(valuesOf(graph));
      }),
      { numRuns: 250 },
    );
  });

  it('optimize leaves only primitives and native composites, and no more operations than before', () => {
    fc.assert(
      fc.property(randomGraphs, (random) => {
        const open = g.decompose(buildRandomGraph(random), new Set(['softmax']));
        const after = g.optimize(buildRandomGraph(random), ['softmax']);
        const names = new Set([...Object.keys(g.primitives), 'softmax']);
        expect(after.nodes.filter((node) => !names.has(node.operation.name))).toEqual([]);
        expect(after.nodes.length).toBeLessThanOrEqual(open.nodes.length);
      }),
    );
  });
});

describe('simplify', () => {
  const x = g.input('x', 'f32', [2, 3]);
  const simplified = (y: g.Tensor): g.Tensor => g.optimize(g.traceGraph({ y })).outputs.get('y')!;

  it('removes identities, but not those that broadcast', () => {
    for (const y of [g.add(x, 0), g.mul(1, x), g.div(x, 1), g.sub(x, 0), g.neg(g.neg(x))]) {
      expect(simplified(y)).toBe(x);
    }
    const scalar = g.input('s', 'f32', []);
    expect(simplified(g.add(scalar, g.constant(0, 'f32', [2]))).shape).toEqual([2]);
  });

  it('keeps x · 0, which is NaN for infinite x', () => {
    expect(simplified(g.mul(x, 0)).operation.name).toBe('mul');
  });

  it('folds known numbers as their element type computes them', () => {
    const wide = g.mul(g.constant(0x7feb352d, 'i32'), g.constant(0x12345679, 'i32'));
    expect(g.splatValue(simplified(wide))).toBe(Math.imul(0x7feb352d, 0x12345679));
    const half = g.add(g.constant(1, 'bf16'), g.constant(2 ** -8, 'bf16'));
    expect(g.splatValue(simplified(half))).toBe(1); // 1 + 2⁻⁸ is halfway: to even
    expect(g.splatValue(simplified(g.less(g.constant(1), g.constant(2))))).toBe(1);
  });

  it('turns transposes of a product’s operands into its flags', () => {
    const y = g.matmul(g.transpose(x, [1, 0]), g.transpose(x, [1, 0]), { transposeB: true });
    const folded = simplified(y);
    expect(folded.inputs).toEqual([x, x]);
    expect(folded.attributes).toEqual({ transposeA: true, transposeB: false });
  });

  it('joins chains of reshapes, transposes and broadcasts', () => {
    const chained = [
      g.reshape(g.reshape(x, [6]), [3, 2]),
      g.transpose(g.transpose(x, [1, 0]), [1, 0]),
      g.broadcast(g.broadcast(x, [4, 2, 3]), [5, 4, 2, 3]),
    ].map(simplified);
    expect(chained.map((tensor) => (tensor === x ? x : tensor.inputs[0]))).toEqual([x, x, x]);
  });
});

describe('mergeCommonSubexpressions', () => {
  const x = g.input('x', 'f32', [2]);
  const countAfter = (outputs: Record<string, g.Tensor>): number =>
    g.mergeCommonSubexpressions(g.traceGraph(outputs)).nodes.length;

  it('computes equal values once', () => {
    expect(countAfter({ a: g.exp(x), b: g.exp(x) })).toBe(1);
    expect(countAfter({ a: g.add(x, 1), b: g.add(x, 1) })).toBe(2); // the number and the sum
  });

  it('tells apart what differs in an attribute, an element type or the sign of zero', () => {
    expect(countAfter({ a: g.reduceSum(x, [0], true), b: g.reduceSum(x, [0], false) })).toBe(2);
    expect(countAfter({ a: g.cast(x, 'bf16'), b: g.cast(x, 'f16') })).toBe(2);
    expect(countAfter({ a: g.constant(1, 'f32'), b: g.constant(1, 'i32') })).toBe(2);
    expect(countAfter({ a: g.div(x, 0), b: g.div(x, -0) })).toBe(4);
  });

  it('tells apart random draws of different streams, and merges those of one', () => {
    const seed = g.input('seed', 'i32', []);
    expect(countAfter({ a: g.randomBits(seed, [4], 0), b: g.randomBits(seed, [4], 1) })).toBe(2);
    expect(countAfter({ a: g.randomBits(seed, [4], 0), b: g.randomBits(seed, [4], 0) })).toBe(1);
  });

  it('never merges barriers', () => {
    expect(countAfter({ a: g.barrier(x, x), b: g.barrier(x, x) })).toBe(2);
  });
});

describe('dead code', () => {
  it('never enters a graph: only what the outputs need is traced', () => {
    const x = g.input('x', 'f32', [2]);
    g.exp(g.input('unused', 'f32', [2]));
    const graph = g.traceGraph({ y: g.neg(x) });
    expect([...graph.inputs.keys()]).toEqual(['x']);
    expect(graph.nodes.map((node) => node.operation.name)).toEqual(['neg']);
  });
});
