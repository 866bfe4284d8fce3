import { add, exp, gather, matmul, mul, select, withGradient } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { gradcheck } from './gradcheck.ts';

describe('gradcheck', () => {
  it('passes a function whose gradient is right, whatever its inputs', () => {
    gradcheck(
      ({ table, tokens, weight, keep }) => select(keep!, matmul(gather(table!, tokens!), weight!), 0),
      {
        table: { shape: [5, 3], range: [-2, 2] },
        tokens: { shape: [4], dtype: 'i32', range: [0, 5] },
        weight: { shape: [3, 2] },
        keep: { shape: [4, 2], dtype: 'bool' },
      },
      { seed: 7 },
    );
  });

  it('names every derivative that is wrong, with both numbers', () => {
    const wrong = () =>
      gradcheck(
        ({ x, y }) =>
          add(
            withGradient(exp(x!), [x!], (g) => [mul(g, 3)]),
            y!,
          ),
        { x: { shape: [], data: [0] }, y: { shape: [] } },
        { seed: 1 },
      );
    expect(wrong).toThrow(/^1 derivatives disagree with central differences:\n {2}x, element 0: grad gives/);
  });
});
