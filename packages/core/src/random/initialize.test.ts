import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Initializer } from '../contracts/index.ts';
import { randomUniform } from './counter.ts';
import { initialValues } from './initialize.ts';

const values = (name: string, initializer: Initializer, shape: readonly number[], seed = 1): Float64Array =>
  initialValues(name, { shape, initializer }, seed);

const mean = (xs: Float64Array): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
function deviation(xs: Float64Array): number {
  const center = mean(xs);
  return Math.sqrt(mean(xs.map((x) => (x - center) ** 2)));
}

const NORMAL: Initializer = { kind: 'normal', standardDeviation: 0.02 };

describe('initial values', () => {
  it('are a pure function of seed and name', () => {
    const kinds: Initializer[] = [NORMAL, { kind: 'xavierUniform' }, { kind: 'unitVector' }];
    for (const kind of kinds) {
      expect(values('critic/a', kind, [4, 5])).toEqual(values('critic/a', kind, [4, 5]));
      expect(values('critic/a', kind, [4, 5])).not.toEqual(values('critic/b', kind, [4, 5]));
      expect(values('critic/a', kind, [4, 5])).not.toEqual(values('critic/a', kind, [4, 5], 2));
    }
  });

  it('are not the same numbers under names that differ in one letter', () => {
    const [first, second] = [values('layers.0.weight', NORMAL, [1000]), values('layers.1.weight', NORMAL, [1000])];
    const correlation = mean(first.map((x, index) => x * second[index]!)) / 0.02 ** 2;
    expect(Math.abs(correlation)).toBeLessThan(0.15); // standard error 1/√1000 = 0.03
  });

  it('have the stated distributions', () => {
    const normal = values('normal', NORMAL, [10_000]);
    expect(Math.abs(mean(normal))).toBeLessThan(0.02 * 0.05); // 5 standard errors
    expect(deviation(normal)).toBeCloseTo(0.02, 3); // standard error 0.02/√20000 = 0.00014; 3 digits are ±0.0005
    const xavier = values('xavier', { kind: 'xavierUniform' }, [60, 40]);
    const bound = Math.sqrt(6 / 100);
    expect(xavier.every((x) => Math.abs(x) < bound)).toBe(true);
    // 2400 numbers: standard error of a uniform deviation 0.141·√(1/5/2400) = 0.0013; 2 digits are ±0.005.
    expect(deviation(xavier)).toBeCloseTo(bound / Math.sqrt(3), 2);
    expect(Math.hypot(...values('unit', { kind: 'unitVector' }, [33]))).toBeCloseTo(1, 12);
    expect([...values('constant', { kind: 'constant', value: 7 }, [2])]).toEqual([7, 7]);
    expect([...values('scalar', { kind: 'constant', value: 7 }, [])]).toEqual([7]);
  });
});

test('a unit vector may be longer than a call has room for arguments', () => {
  const long = values('unit', { kind: 'unitVector' }, [200_000]);
  expect(Math.sqrt(long.reduce((sum, x) => sum + x * x, 0))).toBeCloseTo(1, 12);
});

describe('random numbers by counter', () => {
  it('are uniform from the very first draw, for small seeds and streams as for any', () => {
    const first = Array.from({ length: 10_000 }, (_, index) => randomUniform(index % 100, Math.floor(index / 100), 0));
    const sorted = first.toSorted((a, b) => a - b);
    const distance = sorted.reduce((most, x, index) => Math.max(most, Math.abs(x - (index + 0.5) / 10_000)), 0);
    expect(distance).toBeLessThan(0.0163); // Kolmogorov and Smirnov's bound at 1 %: 1.63/√10000
    expect(sorted[0]).toBeGreaterThan(1e-6); // the least of 10,000 is 1e-4 on average, and 1e-6 in one of a hundred cases
  });

  it('lie strictly between 0 and 1, so that their logarithm is finite', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.nat(2 ** 30), (seed, stream, counter) => {
        const x = randomUniform(seed, stream, counter);
        return x > 0 && x < 1;
      }),
    );
  });
});
