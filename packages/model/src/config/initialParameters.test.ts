import fc from 'fast-check';
import { expect, test } from 'vitest';
import { modelParameters, type ModelConfig } from './architectures.ts';
import { initialParameter, initialParameters } from './initialParameters.ts';
import { parseModelConfig } from './loadModelConfig.ts';
import { philox4x32, type Words4 } from './philox.ts';

const config: ModelConfig = parseModelConfig({
  model_type: 'llama',
  vocab_size: 301, // not a multiple of the four values of one counter
  hidden_size: 30,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 5,
  attention_bias: true,
  initializer_range: 0.05,
});

test('Philox gives the words that its authors publish', () => {
  // Known answers of Random123 for philox4x32, 10 rounds: counter, key → words.
  const cases: [counter: Words4, key: [number, number], words: Words4][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  for (const [counter, key, expected] of cases) {
    const words = new Uint32Array(4);
    philox4x32(words, counter, key);
    expect([...words]).toEqual(expected);
  }
});

test('every parameter is there in its shape: matrices normal, norms one, biases zero', () => {
  const parameters = initialParameters(config, 3);
  for (const { name, shape, initial } of modelParameters(config)) {
    const values = parameters.get(name)!;
    expect(values.length).toBe(shape.reduce((a, b) => a * b, 1));
    if (initial !== 'normal') expect(new Set(values)).toEqual(new Set([initial === 'ones' ? 1 : 0]));
    else expect(values.some((value) => value === 0)).toBe(false);
  }
  expect(parameters.get('model.layers.1.self_attn.q_proj.bias')).toEqual(new Float32Array(30));
  expect(parameters.get('model.norm.weight')).toEqual(new Float32Array(30).fill(1));
});

test('the normals have the moments of N(0, σ²)', () => {
  const n = 400_000;
  const sigma = 0.05;
  const values = initialParameter({ name: 'w', shape: [n], initial: 'normal' }, 11, sigma);
  const moment = (power: number): number => values.reduce((sum, value) => sum + (value / sigma) ** power, 0) / n;
  // Five standard errors of each sample moment of N(0, 1): var(x^p) is E x^2p − (E x^p)².
  const five = 5 / Math.sqrt(n);
  expect(Math.abs(moment(1))).toBeLessThan(five);
  expect(Math.abs(moment(2) - 1)).toBeLessThan(five * Math.sqrt(2));
  expect(Math.abs(moment(3))).toBeLessThan(five * Math.sqrt(15));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(five * Math.sqrt(96));
  // Neighbours, which share a Box–Muller pair or a counter, are uncorrelated.
  for (const lag of [1, 2, 3, 4]) {
    let sum = 0;
    for (let i = lag; i < n; i++) sum += values[i]! * values[i - lag]!;
    expect(Math.abs(sum / n / sigma ** 2)).toBeLessThan(five);
  }
});

test('a tensor depends on the seed and its name alone, and its values not on its size', () => {
  const draw = (name: string, size: number, seed: number): Float32Array =>
    initialParameter({ name, shape: [size], initial: 'normal' }, seed, 1);
  const seeds = fc.nat(Number.MAX_SAFE_INTEGER);
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      seeds,
      seeds,
      fc.integer({ min: 4, max: 40 }),
      (name, other, seed, otherSeed, size) => {
        const values = draw(name, size, seed);
        expect(draw(name, size + 7, seed).subarray(0, size)).toEqual(values);
        expect(draw(name, size, (seed % 2 ** 20) + 2 ** 32)).not.toEqual(draw(name, size, seed % 2 ** 20));
        if (other !== name) expect(draw(other, size, seed)).not.toEqual(values);
        if (otherSeed !== seed) expect(draw(name, size, otherSeed)).not.toEqual(values);
      },
    ),
  );
});

test('a seed that is no whole number is refused', () => {
  for (const seed of [-1, 0.5, Number.NaN, 2 ** 53])
    expect(() => initialParameters(config, seed)).toThrow(/seed must be a whole number/);
});
