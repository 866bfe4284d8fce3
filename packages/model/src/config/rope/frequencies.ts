import type { RopeConfig, RopeOf, RopeType } from './types.ts';

/** θ_i = base^(−2i/dim), i = 0 … dim/2 − 1 (RoFormer, arXiv 2104.09864, §3.2). */
const plainFrequencies = (theta: number, dim: number): Float64Array =>
  Float64Array.from({ length: dim / 2 }, (_, i) => theta ** ((-2 * i) / dim));

/**
 * The angle per position of each pair of the `dim` head dimensions that are turned, in float64, stretched as the variant
 * says. Of `longrope`: the frequencies of rows of `length` positions, by default of short ones.
 */
export function inverseFrequencies(rope: RopeConfig, dim: number, length = 0): Float64Array {
  const plain = plainFrequencies(rope.theta, dim);
  const stretch = STRETCHES[rope.type] as Stretch<RopeConfig>; // the table gives the one of this very type
  return plain.map((frequency, index) => stretch(frequency, index, rope, { dim, length }));
}

/** What multiplies cosines and sines. */
export const attentionFactorOf = (rope: RopeConfig): number => ('attentionFactor' in rope ? rope.attentionFactor : 1);

type Stretch<R> = (frequency: number, index: number, rope: R, row: { dim: number; length: number }) => number;

const STRETCHES: { readonly [T in RopeType]: Stretch<RopeOf<T>> } = {
  default: (frequency) => frequency,
  linear: (frequency, _, { factor }) => frequency / factor,
  llama3: (frequency, _, rope) => stretchLlama3(frequency, rope),
  yarn: (frequency, index, rope, { dim }) => stretchYarn(frequency, index, rope, dim),
  longrope: (frequency, index, rope, { length }) => {
    const factors = length > rope.originalMaxPositionEmbeddings ? rope.longFactor : rope.shortFactor;
    return frequency / factors[index]!;
  },
};

const clamp01 = (x: number): number => Math.min(1, Math.max(0, x));

/**
 * Llama 3.1's variant: frequencies that turn less than `lowFreqFactor` times within the original context are divided by
 * `factor`, those that turn more than `highFreqFactor` times stay, and those between are blended linearly in their turns.
 */
function stretchLlama3(frequency: number, rope: RopeOf<'llama3'>): number {
  const turns = (rope.originalMaxPositionEmbeddings * frequency) / (2 * Math.PI);
  const kept = clamp01((turns - rope.lowFreqFactor) / (rope.highFreqFactor - rope.lowFreqFactor));
  return kept * frequency + (1 - kept) * (frequency / rope.factor);
}

/**
 * YaRN (arXiv 2309.00071, §3.2): pairs that turn more than `betaFast` times within the original context stay, those that
 * turn less than `betaSlow` times are divided by `factor`, and those between are blended linearly in their index.
 */
function stretchYarn(frequency: number, index: number, rope: RopeOf<'yarn'>, dim: number): number {
  const indexOfTurns = (turns: number): number =>
    (dim * Math.log(rope.originalMaxPositionEmbeddings / (turns * 2 * Math.PI))) / (2 * Math.log(rope.theta));
  const [first, last] = [indexOfTurns(rope.betaFast), indexOfTurns(rope.betaSlow)];
  const low = Math.max(rope.truncate ? Math.floor(first) : first, 0);
  const high = Math.min(rope.truncate ? Math.ceil(last) : last, dim - 1);
  const width = low === high ? 0.001 : high - low; // as transformers keeps the ramp finite
  const divided = clamp01((index - low) / width);
  return (1 - divided) * frequency + divided * (frequency / rope.factor);
}
