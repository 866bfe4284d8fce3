import { loraConfig, loraSchema } from '@tether/model';
import { describe, expect, it } from 'vitest';
import { modelFingerprint } from './modelFingerprint.ts';

type Model = Parameters<typeof modelFingerprint>[0];
const weights = (...values: readonly number[]) => new Map([['up', Float32Array.from(values)]]);
const model: Model = { configJson: { rms_norm_eps: 1e-5 }, weights: weights(0.5, -2, 3) };
const adapted = (alpha: number): Model => ({
  ...model,
  adapter: { config: loraConfig(loraSchema.parse({ rank: 4, alpha })), base: 'base', baseParameters: [] },
});

describe('the fingerprint of a model', () => {
  it('is the same for the same numbers, wherever they lie in memory', () => {
    const within = Float32Array.of(9, 0.5, -2, 3).subarray(1);
    expect(modelFingerprint({ ...model, weights: new Map([['up', within]]) })).toBe(modelFingerprint(model));
  });

  it.each<[string, Model]>([
    ['one bit of a weight', { ...model, weights: weights(0.5, -2, 3.0000002384185791015625) }],
    ['every sign', { ...model, weights: weights(-0.5, 2, -3) }],
    ['two signs', { ...model, weights: weights(-0.5, 2, 3) }],
    ['the order of weights', { ...model, weights: weights(-2, 0.5, 3) }],
    ['the name of a tensor', { ...model, weights: new Map([['down', Float32Array.of(0.5, -2, 3)]]) }],
    ['the config of the model', { ...model, configJson: { rms_norm_eps: 1e-6 } }],
    ['an adapter', adapted(8)],
    ['a reference of its own', { ...model, referenceWeights: weights(0.5, -2, 3) }],
  ])('changes with %s', (_, other) => {
    expect(modelFingerprint(other)).not.toBe(modelFingerprint(model));
  });

  it('changes with the scale of an adapter', () => {
    expect(modelFingerprint(adapted(16))).not.toBe(modelFingerprint(adapted(8)));
  });
});
