import { constant, input, mul, randomBits, randomWord, reduceSum } from '@tether/graph';
import { describe, expect } from 'vitest';
import { runNumbers, wave } from '../numbers.ts';
import type { SuiteContext } from './context.ts';

/** What goes wrong only beyond the few elements of the other suites: in one running sum, or past one block of work. */
export function sizeSuite({ backend, test }: SuiteContext): void {
  describe('at size', () => {
    test('keeps its digits in sums over millions', async () => {
      const x = input('x', 'f32', [4096, 1024]);
      const numbers = wave(x.shape);
      const exact = numbers.reduce((sum, value) => sum + value * value, 0);
      const { sum } = await runNumbers(backend(), { sum: reduceSum(mul(x, x)) }, { x: numbers });
      // One running sum over all would be off by 10⁻³; partial sums of some thousands each are not.
      expect(Math.abs(sum![0]! / exact - 1)).toBeLessThan(1e-5);
    });
    test('draws the random words of the graph package, far beyond one block of work', async () => {
      const { bits } = await runNumbers(backend(), { bits: randomBits(constant(-7, 'i32'), [300, 1000], 3) });
      expect([...bits!]).toEqual(Array.from({ length: 300_000 }, (_, counter) => randomWord(-7, 3, counter)));
    });
  });
}
