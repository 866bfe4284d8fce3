import { describe, expect, it } from 'vitest';
import * as g from '../index.ts';

describe('parts of one tensor whose gradients are added', () => {
  const x = g.input('x', 'f32', [9, 2]);
  const operations = (graph: g.Graph): string[] => graph.nodes.map(({ operation }) => operation.name);
  const gradientOf = (ranges: readonly (readonly [number, number])[]): g.Graph => {
    const parts = ranges.map(([start, limit]) => g.reduceSum(g.exp(g.sliceAxis(x, 0, start, limit))));
    const loss = parts.reduce((sum, part) => g.add(sum, part));
    return g.traceGraph({ dx: g.grad(loss, [x])[0]! });
  };
  const values = (graph: g.Graph): number[] =>
    Array.from(g.evaluate(graph, { x: g.uniformNumbers(18, 3) }).get('dx')!.data);

  it('are joined where they cover it side by side, in any order', () => {
    for (const ranges of [
      [[0, 3], [3, 7], [7, 9]], // prettier-ignore
      [[7, 9], [3, 7], [0, 3]], // prettier-ignore
    ] as const) {
      const graph = gradientOf(ranges);
      const optimized = g.optimize(graph);
      expect(operations(optimized).filter((name) => ['pad', 'add'].includes(name))).toEqual([]);
      expect(optimized.nodes.at(-1)!.inputs).toHaveLength(3);
      expect(values(optimized)).toEqual(values(graph));
    }
  });

  it('keep zeros around where they leave something out', () => {
    const graph = gradientOf([[1, 3], [3, 7]]); // prettier-ignore
    expect(operations(g.optimize(graph)).filter((name) => name === 'pad')).toHaveLength(1);
    expect(values(g.optimize(graph))).toEqual(values(graph));
  });

  it('are added where one is repeated along another axis', () => {
    const column = g.input('column', 'f32', [3, 1]);
    const sum = g.add(g.pad(g.sliceAxis(x, 0, 0, 6), [0, 0], [3, 0], 0), g.pad(column, [6, 0], [0, 0], 0));
    const graph = g.traceGraph({ sum });
    const given = { x: g.uniformNumbers(18, 3), column: g.uniformNumbers(3, 4) };
    const numbers = (program: g.Graph): number[] => Array.from(g.evaluate(program, given).get('sum')!.data);
    expect(numbers(g.optimize(graph))).toEqual(numbers(graph));
  });

  it('are added where they overlap or leave a gap', () => {
    for (const ranges of [
      [[0, 4], [3, 9]], // prettier-ignore
      [[0, 3], [4, 9]], // prettier-ignore
    ] as const) {
      const graph = gradientOf(ranges);
      expect(operations(g.optimize(graph))).toContain('add');
      expect(values(g.optimize(graph))).toEqual(values(graph));
    }
  });
});
