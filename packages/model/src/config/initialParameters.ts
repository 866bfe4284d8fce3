import { createHash } from 'node:crypto';
import { elementCount } from '../checkpoint/header.ts';
import { modelParameters, type ModelConfig } from './architectures.ts';
import type { ParameterSpec } from './parameters.ts';
import { philox4x32 } from './philox.ts';

/**
 * The weights of a new model: matrices from N(0, initializer_range²), norms one, biases zero, as transformers starts a model.
 * Each tensor depends on the seed and its own name only, so other tensors, their order and the machine do not matter.
 */
export function initialParameters(config: ModelConfig, seed: number): Map<string, Float32Array> {
  const specs = modelParameters(config);
  return new Map(specs.map((spec) => [spec.name, initialParameter(spec, seed, config.initializerRange)]));
}

/** One tensor of a new model; `deviation` is the standard deviation of matrices. `seed` is a non-negative safe integer. */
export function initialParameter(spec: ParameterSpec, seed: number, deviation: number): Float32Array {
  const values = new Float32Array(elementCount(spec.shape));
  const fill: Record<ParameterSpec['initial'], () => void> = {
    normal: () => fillNormal(values, spec.name, seed, deviation * (spec.initialScale ?? 1)),
    ones: () => void values.fill(1),
    zeros: () => undefined,
  };
  fill[spec.initial]();
  return values;
}

/**
 * Box–Muller in float64 on Philox words: words (u, v) of a counter give r = √(−2 ln((u+1)/2³²)) and angle 2π·v/2³², hence
 * the two normals r·cos and r·sin. One counter serves four values.
 */
function fillNormal(values: Float32Array, name: string, seed: number, deviation: number): void {
  forEachBlock(values.length, name, seed, (words, start) => {
    for (let pair = 0; pair < 4; pair += 2) {
      const radius = deviation * Math.sqrt(-2 * Math.log((words[pair]! + 1) / 2 ** 32));
      const angle = (2 * Math.PI * words[pair + 1]!) / 2 ** 32;
      values[start + pair] = radius * Math.cos(angle); // writes past the end of the last block are ignored
      values[start + pair + 1] = radius * Math.sin(angle);
    }
  });
}

/** Values of U(−bound, bound): word w of a counter gives (2·(w + ½)/2³² − 1)·bound. */
export function fillUniform(values: Float32Array, name: string, seed: number, bound: number): void {
  forEachBlock(values.length, name, seed, (words, start) => {
    for (let at = 0; at < 4; at++) values[start + at] = ((2 * (words[at]! + 0.5)) / 2 ** 32 - 1) * bound;
  });
}

/** Four random words for every four values of a tensor, by its name and the seed. */
function forEachBlock(
  length: number,
  name: string,
  seed: number,
  use: (words: Uint32Array, start: number) => void,
): void {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`the seed must be a whole number ≥ 0, not ${seed}`);
  const hash = createHash('sha256').update(name).digest();
  const [nameLow, nameHigh] = [hash.readUInt32LE(0), hash.readUInt32LE(4)];
  const key = [seed >>> 0, nameLow] as const;
  const seedHigh = Math.floor(seed / 2 ** 32);
  const words = new Uint32Array(4);
  for (let start = 0; start < length; start += 4) {
    const block = start / 4;
    philox4x32(words, [block >>> 0, Math.floor(block / 2 ** 32), seedHigh, nameHigh], key);
    use(words, start);
  }
}
