import { describe, expect, it } from 'vitest';
import { add, exp, GraphError, input, scope, traceGraph, verify, type Graph, type Tensor } from './index.ts';

const x = input('x', 'f32', [2]);
const y = scope('layer', () => exp(x));
const graph = traceGraph({ y });

describe('verify', () => {
  it('gives a sound graph back', () => {
    expect(verify(graph)).toBe(graph);
  });

  it.each<[string, Graph, string]>([
    [
      'a value with another type than its operation gives',
      { ...graph, nodes: [{ ...y, shape: [3] }] },
      'node %0 (exp in layer) is f32[3] but its inputs give f32[2]',
    ],
    [
      'a value used before it is defined',
      { ...graph, nodes: [add(y, 1), y] },
      'node %0 (add) uses a value that is not defined before it',
    ],
    ['a value defined twice', { ...graph, nodes: [y, y] }, 'node %1 (exp in layer) is defined twice'],
    ['an input among the operations', { ...graph, nodes: [x] }, 'node %0 (input) is an input among the operations'],
    ['an output that nothing computes', { ...graph, nodes: [] }, 'output "y" is not computed'],
  ])('refuses %s', (_, broken, message) => {
    expect(() => verify(broken)).toThrow(GraphError);
    expect(() => verify(broken)).toThrow(message);
  });

  it('keeps the text of the graph for whoever looks for the cause', () => {
    const broken: Graph = { ...graph, nodes: [{ ...y, dtype: 'i32' } satisfies Tensor] };
    try {
      verify(broken);
      expect.unreachable();
    } catch (error) {
      expect((error as Error).cause).toContain('%0: i32[2] = exp(@x)  # layer');
    }
  });
});
