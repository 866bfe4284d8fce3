import { randomUniform } from '@tether/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSampling, sampleToken, type SamplingOptions } from './sampling.ts';

const sample = (logits: readonly number[], options: SamplingOptions, uniform: number) =>
  sampleToken(logits, checkSampling(options), uniform);

const logitLists = fc.array(fc.double({ min: -6, max: 6, noNaN: true }), { minLength: 1, maxLength: 30 });
const uniforms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const softmax = (logits: readonly number[], temperature = 1): number[] => {
  const largest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp((logit - largest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
};

describe('sampleToken', () => {
  it('takes the likeliest token at temperature 0, the first of equal ones', () => {
    expect(sample([1, 3, 3, 2], { temperature: 0 }, 0.99).token).toBe(1);
  });

  it('takes each token for a share of the uniform numbers that is its probability at the temperature', () => {
    fc.assert(
      fc.property(logitLists, fc.constantFrom(0.5, 1, 2), uniforms, (logits, temperature, uniform) => {
        const { token } = sample(logits, { temperature }, uniform);
        const probabilities = softmax(logits, temperature);
        const before = probabilities.slice(0, token).reduce((sum, p) => sum + p, 0);
        expect(uniform).toBeGreaterThanOrEqual(before - 1e-12); // rounding of the sums
        expect(uniform).toBeLessThan(before + probabilities[token]! + 1e-12);
      }),
    );
  });

  it('gives the log-probability under the model itself, whatever the options', () => {
    const options = fc.record({
      temperature: fc.constantFrom(0, 0.3, 1, 2),
      topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
      topK: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(logitLists, options, uniforms, (logits, chosen, uniform) => {
        const { token, logp } = sample(logits, chosen, uniform);
        expect(logp).toBeCloseTo(Math.log(softmax(logits)[token]!), 10);
      }),
    );
  });

  it('stays within the smallest set of likeliest tokens that reaches topP', () => {
    fc.assert(
      fc.property(logitLists, fc.double({ min: 0.01, max: 0.99, noNaN: true }), uniforms, (logits, topP, uniform) => {
        const { token } = sample(logits, { topP }, uniform);
        const probabilities = softmax(logits);
        const likelier = probabilities.filter((p) => p > probabilities[token]!).reduce((sum, p) => sum + p, 0);
        expect(likelier).toBeLessThan(topP + 1e-12); // the token was still needed
      }),
    );
  });

  it('reaches every token of the nucleus, and none outside', () => {
    const logits = [0.5, 0.3, 0.15, 0.05].map(Math.log);
    const reached = (options: SamplingOptions) =>
      new Set(Array.from({ length: 1000 }, (_, i) => sample(logits, options, i / 1000).token));
    expect(reached({ topP: 0.79 })).toEqual(new Set([0, 1]));
    expect(reached({ topP: 0.81 })).toEqual(new Set([0, 1, 2]));
    expect(reached({ topK: 3 })).toEqual(new Set([0, 1, 2]));
    expect(reached({ topK: 3, topP: 0.5 })).toEqual(new Set([0])); // 0.5 / 0.95 is more than half
    expect(reached({})).toEqual(new Set([0, 1, 2, 3]));
  });

  it('draws tokens with their frequencies', () => {
    const logits = [0.1, 0.6, 0.3].map(Math.log);
    const counts = [0, 0, 0];
    const draws = 20_000;
    for (let i = 0; i < draws; i++) counts[sample(logits, {}, randomUniform(5, 0, i)).token]!++;
    // The standard deviation of a frequency is at most 0.0035: 0.015 is over 4 of them, and the draws are fixed.
    [0.1, 0.6, 0.3].forEach((p, token) => {
      expect(Math.abs(counts[token]! / draws - p)).toBeLessThan(0.015);
    });
  });

  it('never takes a token of probability 0', () => {
    for (const uniform of [0, 0.5, 1 - 2 ** -53]) {
      expect(sample([-Infinity, 0, -Infinity], {}, uniform).token).toBe(1);
    }
  });

  it('refuses logits that are not numbers, and options that mean nothing', () => {
    expect(() => sample([0, Number.NaN], {}, 0)).toThrow('token 1');
    expect(() => sample([-Infinity, -Infinity], {}, 0)).toThrow('-Infinity');
    expect(() => checkSampling({ temperature: -1 })).toThrow('temperature');
    expect(() => checkSampling({ topP: 0 })).toThrow('topP');
    expect(() => checkSampling({ topK: 1.5 })).toThrow('topK');
  });
});
