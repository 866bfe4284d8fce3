import type { NetworkDims, NetworkSpec, NetworkTensor } from '@tether/core';
import type { GanpoConfig } from './config.ts';

/** The two discriminators: D⁺ judges chosen, D⁻ rejected. */
export const DISCRIMINATORS = ['plus', 'minus'] as const;
export type DiscriminatorName = (typeof DISCRIMINATORS)[number];

/** Linear layers under spectral normalization. */
export const SPECTRAL = ['project', 'head_hidden', 'head_score'] as const;
export type SpectralLayer = (typeof SPECTRAL)[number];

/** Whose scores a running mean follows: reference-chosen, reference-rejected, policy. */
export const MEANS = ['real_good', 'real_bad', 'policy'] as const;
export type MeanName = (typeof MEANS)[number];

const matrix = (out: number, into: number): NetworkTensor => ({
  shape: [out, into],
  initializer: { kind: 'xavierUniform' },
});
const filled = (size: number, value: number): NetworkTensor => ({
  shape: [size],
  initializer: { kind: 'constant', value },
});

const merged = (parts: readonly Record<string, NetworkTensor>[]): Record<string, NetworkTensor> =>
  Object.fromEntries(parts.flatMap((part) => Object.entries(part)));

function linear(name: string, out: number, into: number): Record<string, NetworkTensor> {
  return { [`${name}.weight`]: matrix(out, into), [`${name}.bias`]: filled(out, 0) };
}

function norm(name: string, size: number): Record<string, NetworkTensor> {
  return { [`${name}.weight`]: filled(size, 1), [`${name}.bias`]: filled(size, 0) };
}

/** One pre-norm encoder layer, with the names of PyTorch's TransformerEncoderLayer. */
function encoderLayer(name: string, { width, feed_forward_ratio: ratio }: GanpoConfig): Record<string, NetworkTensor> {
  return {
    ...norm(`${name}.norm1`, width),
    [`${name}.self_attn.in_proj_weight`]: matrix(3 * width, width),
    [`${name}.self_attn.in_proj_bias`]: filled(3 * width, 0),
    ...linear(`${name}.self_attn.out_proj`, width, width),
    ...norm(`${name}.norm2`, width),
    ...linear(`${name}.linear1`, ratio * width, width),
    ...linear(`${name}.linear2`, width, ratio * width),
  };
}

function discriminatorParameters(hiddenSize: number, config: GanpoConfig): Record<string, NetworkTensor> {
  const { width } = config;
  const layers = Array.from({ length: config.layers }, (_, index) => encoderLayer(`layers.${index}`, config));
  return {
    ...linear('project', width, hiddenSize),
    positions: { shape: [config.max_positions, width], initializer: { kind: 'normal', standardDeviation: 0.02 } },
    ...merged(layers),
    ...linear('head_hidden', width, width),
    ...linear('head_score', 1, width),
  };
}

function discriminatorState(hiddenSize: number, { width }: GanpoConfig): Record<string, NetworkTensor> {
  const sizes: Record<SpectralLayer, [number, number]> = {
    project: [width, hiddenSize],
    head_hidden: [width, width],
    head_score: [1, width],
  };
  const vector = (size: number): NetworkTensor => ({ shape: [size], initializer: { kind: 'unitVector' } });
  return Object.fromEntries([
    ...SPECTRAL.flatMap((layer) => [
      [`${layer}.weight_u`, vector(sizes[layer][0])] as const,
      [`${layer}.weight_v`, vector(sizes[layer][1])] as const,
    ]),
    ...MEANS.map((mean) => [`mean.${mean}`, { shape: [], initializer: { kind: 'constant', value: 0 } }] as const),
  ]);
}

const prefixed = (prefix: string, tensors: Record<string, NetworkTensor>): Record<string, NetworkTensor> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, tensor]));

/** Both discriminators, their power-iteration vectors and running means, and the number of updates so far. */
export function ganpoNetworks({ hiddenSize }: NetworkDims, config: GanpoConfig): NetworkSpec {
  const both = (
    make: (size: number, config: GanpoConfig) => Record<string, NetworkTensor>,
  ): Record<string, NetworkTensor> => merged(DISCRIMINATORS.map((name) => prefixed(name, make(hiddenSize, config))));
  return {
    parameters: both(discriminatorParameters),
    state: { ...both(discriminatorState), updates: { shape: [], initializer: { kind: 'constant', value: 0 } } },
  };
}
