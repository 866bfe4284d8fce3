import {
  add,
  constant,
  div,
  dropout,
  gelu,
  layerNorm,
  matmul,
  maximum,
  mul,
  reduceSum,
  reshape,
  scope,
  slice,
  sliceAxis,
  softmax,
  sub,
  transpose,
  type Tensor,
} from '@tether/graph';
import type { NetworkTensors } from '@tether/core';
import type { GanpoConfig } from './config.ts';
import type { SpectralLayer } from './networks.ts';

const LAYER_NORM_EPSILON = 1e-5; // PyTorch's default
const MASKED = -1e9; // finite, so that rows without any token stay finite

/** Hidden states of N sequences and which of their positions count. */
export interface Sequences {
  readonly latents: Tensor; // [N, L, H]
  /** [N, L], 1 at positions that count. */
  readonly mask: Tensor;
}

/** Masks for training; absent in evaluation. */
export interface DropoutSource {
  readonly seed: Tensor;
  /** Gives a number that no other mask of the graph has. */
  nextStream(): number;
}

export interface DiscriminatorOptions {
  readonly config: GanpoConfig;
  /**
   * 1/σ of each spectrally normalized layer, one per sequence [N]: forwards with different σ can share a batch.
   * Undefined where layers are not normalized.
   */
  readonly inverseSigma: Readonly<Record<SpectralLayer, Tensor>> | undefined;
  readonly dropout?: DropoutSource;
}

/** Parameters by their names inside one discriminator. */
type Weights = NetworkTensors;

/** x [..., in] · Wᵀ [in, out] → [..., out]. */
function project(x: Tensor, weight: Tensor): Tensor {
  const lead = x.shape.slice(0, -1);
  const rows = lead.reduce((product, extent) => product * extent, 1);
  return reshape(matmul(reshape(x, [rows, x.shape.at(-1)!]), weight, { transposeB: true }), [
    ...lead,
    weight.shape[0]!,
  ]);
}

const linear = (weights: Weights, name: string, x: Tensor): Tensor =>
  add(project(x, weights[`${name}.weight`]!), weights[`${name}.bias`]!);

/** Linear layer with W/σ, σ per sequence: x [N, …, in]. */
function spectralLinear(weights: Weights, name: SpectralLayer, x: Tensor, options: DiscriminatorOptions): Tensor {
  if (options.inverseSigma === undefined) return linear(weights, name, x);
  const scale = reshape(options.inverseSigma[name], [x.shape[0]!, ...x.shape.slice(1).map(() => 1)]);
  return add(mul(project(x, weights[`${name}.weight`]!), scale), weights[`${name}.bias`]!);
}

const norm = (weights: Weights, name: string, x: Tensor): Tensor =>
  layerNorm(x, weights[`${name}.weight`]!, weights[`${name}.bias`]!, LAYER_NORM_EPSILON);

function drop(x: Tensor, { config, dropout: source }: DiscriminatorOptions): Tensor {
  return source === undefined ? x : dropout(x, config.dropout, source.seed, source.nextStream());
}

/** Bidirectional multi-head attention: x [N, L, W], bias [N, 1, 1, L] → [N, L, W]. */
function attention(weights: Weights, name: string, x: Tensor, bias: Tensor, options: DiscriminatorOptions): Tensor {
  const [sequences, length, width] = x.shape as readonly [number, number, number];
  const { heads } = options.config;
  const size = width / heads;
  const stacked = add(project(x, weights[`${name}.in_proj_weight`]!), weights[`${name}.in_proj_bias`]!); // [N, L, 3W]
  const split = (part: number): Tensor =>
    transpose(
      reshape(sliceAxis(stacked, 2, part * width, (part + 1) * width), [sequences, length, heads, size]),
      [0, 2, 1, 3],
    ); // [N, A, L, W/A]
  const scores = mul(matmul(split(0), split(1), { transposeB: true }), 1 / Math.sqrt(size)); // [N, A, L, L]
  const probabilities = drop(softmax(add(scores, bias)), options);
  const mixed = transpose(matmul(probabilities, split(2)), [0, 2, 1, 3]); // [N, L, A, W/A]
  return linear(weights, `${name}.out_proj`, reshape(mixed, [sequences, length, width]));
}

/** Pre-norm encoder layer (PyTorch's TransformerEncoderLayer with norm_first, exact GELU). */
function encoderLayer(weights: Weights, name: string, x: Tensor, bias: Tensor, options: DiscriminatorOptions): Tensor {
  const attended = attention(weights, `${name}.self_attn`, norm(weights, `${name}.norm1`, x), bias, options);
  const middle = add(x, drop(attended, options));
  const inner = gelu(linear(weights, `${name}.linear1`, norm(weights, `${name}.norm2`, middle)));
  return add(middle, drop(linear(weights, `${name}.linear2`, drop(inner, options)), options));
}

/** Mean over the positions that count: x [N, L, W], mask [N, L] → [N, W]. */
function pool(x: Tensor, mask: Tensor): Tensor {
  const [sequences, length] = mask.shape as readonly [number, number];
  const total = reduceSum(mul(x, reshape(mask, [sequences, length, 1])), [1]);
  return div(total, maximum(reduceSum(mask, [1], true), 1));
}

/** Tokens that a discriminator takes of a sequence: a transformer has so many learned positions. */
export const positionLimit = ({ architecture, max_positions: limit }: GanpoConfig): number =>
  architecture === 'transformer' ? limit : Infinity;

function cut({ latents, mask }: Sequences, limit: number): Sequences {
  const length = Math.min(latents.shape[1]!, limit);
  return { latents: sliceAxis(latents, 1, 0, length), mask: sliceAxis(mask, 1, 0, length) };
}

/** What an architecture makes of projected states x [N, L, W], where mask [N, L] is 1 at positions that count. */
type Body = (weights: Weights, x: Tensor, mask: Tensor, options: DiscriminatorOptions) => Tensor;

const BODIES: Readonly<Record<GanpoConfig['architecture'], Body>> = {
  transformer(weights, projected, mask, options) {
    const { layers, width } = options.config;
    const [count, length] = mask.shape as readonly [number, number];
    const positions = slice(weights['positions']!, [0, 0], [length, width]); // [L, W]
    const bias = reshape(mul(sub(1, mask), MASKED), [count, 1, 1, length]);
    let x = add(projected, positions);
    for (let layer = 0; layer < layers; layer++) {
      const input = x;
      x = scope(`layers.${layer}`, () => encoderLayer(weights, `layers.${layer}`, input, bias, options));
    }
    return x;
  },
  mlp(weights, projected, _mask, options) {
    let x = gelu(projected);
    for (let layer = 0; layer < options.config.layers; layer++) {
      x = drop(gelu(linear(weights, `layers.${layer}`, x)), options);
    }
    return x;
  },
};

/** One score per sequence, [N]: how much its hidden states look like the reference's. */
export function discriminate(weights: Weights, sequences: Sequences, options: DiscriminatorOptions): Tensor {
  const { config } = options;
  const { latents, mask } = cut(sequences, positionLimit(config));
  const projected = spectralLinear(weights, 'project', latents, options); // [N, L, W]
  const x = BODIES[config.architecture](weights, projected, mask, options);
  const hidden = gelu(spectralLinear(weights, 'head_hidden', pool(x, mask), options)); // [N, W]
  return reshape(spectralLinear(weights, 'head_score', hidden, options), [mask.shape[0]!]);
}

/** A mask of ones: every position counts, padding too (the published pooling). */
export const everyPosition = (mask: Tensor): Tensor => constant(1, 'f32', mask.shape);
