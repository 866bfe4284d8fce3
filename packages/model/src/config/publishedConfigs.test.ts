import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { modelConfigJson, modelParameters } from './architectures.ts';
import { parseModelConfig } from './loadModelConfig.ts';
import { attentionFactorOf, inverseFrequencies, type RopeConfig } from './rope/index.ts';

/** What transformers makes of the configs of well-known models; made by tools/goldens/model_configs.py. */
interface Golden {
  readonly name: string;
  readonly json: Readonly<Record<string, unknown>>;
  /** The same config as transformers 5 writes it. */
  readonly transformers5: Readonly<Record<string, unknown>>;
  readonly count: number;
  readonly digest: string;
  readonly rope: Readonly<Record<string, { readonly frequencies: readonly number[]; readonly factor: number }>>;
}
const file = new URL('../testdata/architecture-configs.json', import.meta.url);
const goldens = JSON.parse(readFileSync(file, 'utf8')) as Golden[];

describe.each(goldens)('$name', ({ json, transformers5, count, digest, rope }) => {
  const config = parseModelConfig(json);

  test('has the parameters that transformers gives it', () => {
    const specs = modelParameters(config);
    const sizes = specs.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
    const lines = specs.map(({ name, shape }) => `${name} ${JSON.stringify(shape)}`).sort();
    expect(createHash('sha256').update(lines.join('\n')).digest('hex')).toBe(digest);
  });

  test('is the same config in the form of transformers 5, and after being written and read again', () => {
    expect(parseModelConfig(transformers5)).toEqual(config);
    expect(parseModelConfig(modelConfigJson(config))).toEqual(config);
  });

  test('turns heads by the frequencies of transformers', () => {
    if (config.modelType === 'gpt2') {
      expect(rope).toEqual({}); // its positions are learned
      return;
    }
    const ropes: Record<string, [RopeConfig | undefined, number]> = {
      global: [config.rope, 0],
      local: [config.localRope, 0],
      long: [config.rope, Infinity],
    };
    expect(Object.keys(rope)).toContain('global');
    for (const [kind, { frequencies, factor }] of Object.entries(rope)) {
      const [ours, length] = ropes[kind]!;
      const computed = inverseFrequencies(ours!, config.rotaryDim, length);
      expect(computed.length).toBe(frequencies.length);
      // transformers computes these in float32: about five roundings of 2^-24 ≈ 6e-8 each.
      frequencies.forEach((expected, i) => expect(Math.abs(computed[i]! / expected - 1)).toBeLessThan(5e-7));
      expect(attentionFactorOf(ours!)).toBeCloseTo(factor, 10);
    }
  });
});
