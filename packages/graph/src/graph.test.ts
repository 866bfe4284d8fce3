import { describe, expect, it } from 'vitest';
import {
  add,
  captureSources,
  describeSignature,
  exp,
  grad,
  input,
  isInput,
  optimize,
  reduceSum,
  scope,
  silu,
  traceGraph,
  typeOf,
} from './index.ts';

describe('traceGraph', () => {
  const x = input('x', 'f32', [2]);

  it('lists inputs in the order in which they were made, and nodes before their users', () => {
    const [a, b] = [input('a', 'f32', [2]), input('b', 'f32', [2])];
    const sum = add(b, a);
    const graph = traceGraph({ y: exp(sum), sum });
    expect([...graph.inputs.keys()]).toEqual(['a', 'b']);
    expect(graph.nodes.map((node) => node.operation.name)).toEqual(['add', 'exp']);
    expect([...graph.outputs.keys()]).toEqual(['y', 'sum']);
    expect(graph.nodes.some(isInput)).toBe(false);
  });

  it('takes outputs as a record or as a map', () => {
    expect([...traceGraph(new Map([['y', x]])).outputs]).toEqual([...traceGraph({ y: x }).outputs]);
  });

  it('refuses two inputs of the same name', () => {
    expect(() => traceGraph({ y: add(x, input('x', 'f32', [2])) })).toThrow('two inputs of this graph are named "x"');
  });

  it('describes a signature for messages', () => {
    expect(describeSignature(traceGraph({ y: add(x, 1) }).inputs)).toBe('x: f32[2]');
    expect(typeOf(x)).toEqual({ dtype: 'f32', shape: [2] });
  });
});

describe('scopes', () => {
  it('nest, and end also where building fails', () => {
    const inner = scope('policy', () => scope('layers.3', () => exp(input('x', 'f32', []))));
    expect(inner.scope).toBe('policy/layers.3');
    expect(() => scope('broken', () => add(input('a', 'f32', [2]), input('b', 'f32', [3])))).toThrow();
    expect(input('x', 'f32', []).scope).toBe('');
  });
});

describe('captureSources', () => {
  it('records the line that made a tensor, and only while it is on', () => {
    captureSources(true);
    const captured = exp(input('x', 'f32', []));
    captureSources(false);
    expect(captured.source).toContain('graph.test.ts');
    expect(exp(captured).source).toBeUndefined();
  });

  it('traces gradients and what passes make to the line of the operation that they come from', () => {
    captureSources(true);
    const x = input('x', 'f32', [3]);
    const y = reduceSum(silu(x));
    captureSources(false);
    const [gradient] = grad(y, [x]);
    const { nodes } = optimize(traceGraph({ gradient: gradient! }));
    const computed = nodes.filter((node) => !isInput(node) && node.inputs.length > 0);
    expect(computed.length).toBeGreaterThan(0);
    for (const { source } of computed) expect(source).toContain('graph.test.ts');
  });
});
