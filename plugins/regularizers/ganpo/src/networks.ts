import type { NetworkDims, NetworkSpec, NetworkTensor } from '@tether/core';
import type { GanpoConfig } from './config.ts';
import { rolesOf, type Role } from './roles.ts';

/** Linear layers under spectral normalization. */
export const SPECTRAL = ['project', 'head_hidden', 'head_score'] as const;
export type SpectralLayer = (typeof SPECTRAL)[number];

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

/** What stands between the projection and the head. */
const BODIES: Readonly<Record<GanpoConfig['architecture'], (config: GanpoConfig) => Record<string, NetworkTensor>>> = {
  transformer: (config) => ({
    positions: {
      shape: [config.max_positions, config.width],
      initializer: { kind: 'normal', standardDeviation: 0.02 },
    },
    ...merged(Array.from({ length: config.layers }, (_, index) => encoderLayer(`layers.${index}`, config))),
  }),
  mlp: ({ layers, width }) =>
    merged(Array.from({ length: layers }, (_, index) => linear(`layers.${index}`, width, width))),
};

function discriminatorParameters(hiddenSize: number, config: GanpoConfig): Record<string, NetworkTensor> {
  const { width } = config;
  return {
    ...linear('project', width, hiddenSize),
    ...BODIES[config.architecture](config),
    ...linear('head_hidden', width, width),
    ...linear('head_score', 1, width),
  };
}

/** Estimates of singular vectors, which spectral normalization keeps from step to step. */
function singularVectors(hiddenSize: number, { width }: GanpoConfig): Record<string, NetworkTensor> {
  const sizes: Record<SpectralLayer, [number, number]> = {
    project: [width, hiddenSize],
    head_hidden: [width, width],
    head_score: [1, width],
  };
  const vector = (size: number): NetworkTensor => ({ shape: [size], initializer: { kind: 'unitVector' } });
  return Object.fromEntries(
    SPECTRAL.flatMap((layer) => [
      [`${layer}.weight_u`, vector(sizes[layer][0])] as const,
      [`${layer}.weight_v`, vector(sizes[layer][1])] as const,
    ]),
  );
}

const zero: NetworkTensor = { shape: [], initializer: { kind: 'constant', value: 0 } };

const discriminatorState = (
  hiddenSize: number,
  { sets }: Role,
  config: GanpoConfig,
): Record<string, NetworkTensor> => ({
  ...(config.spectral_norm ? singularVectors(hiddenSize, config) : {}),
  ...Object.fromEntries(Object.keys(sets).map((mean) => [`mean.${mean}`, zero])),
});

const prefixed = (prefix: string, tensors: Record<string, NetworkTensor>): Record<string, NetworkTensor> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, tensor]));

/** The discriminators, their power-iteration vectors and running means, and the number of updates so far. */
export function ganpoNetworks({ hiddenSize: perLayer }: NetworkDims, config: GanpoConfig): NetworkSpec {
  const hiddenSize = perLayer * (config.latent_layers?.length ?? 1);
  const each = (make: (role: Role) => Record<string, NetworkTensor>): Record<string, NetworkTensor> =>
    merged(rolesOf(config).map(([name, role]) => prefixed(name, make(role))));
  return {
    parameters: each(() => discriminatorParameters(hiddenSize, config)),
    state: { ...each((role) => discriminatorState(hiddenSize, role, config)), updates: zero },
  };
}
