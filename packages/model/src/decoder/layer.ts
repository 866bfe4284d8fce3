import { add, rmsNorm, scope, type Tensor } from '@tether/graph';
import {
  ACTIVATIONS,
  gatedFeedForward,
  mergeHeads,
  splitColumns,
  splitHeads,
  type Projection,
} from '../blocks/index.ts';
import type { DecoderConfig, LayerConfig } from '../config/index.ts';
import { adaptedLinear, type Attend, type InputDropout, type LayerWeights } from '../transformer/index.ts';
import type { Rotation } from './rotations.ts';

/** What every layer of one forward pass shares. */
export interface LayerContext {
  readonly config: DecoderConfig;
  readonly rows: number; // B
  readonly attend: Attend;
  readonly rotations: (layer: LayerConfig) => Rotation;
  readonly drop: InputDropout | undefined;
}

/** x / rms(x) · (weight + offset). */
export function normalize(x: Tensor, weight: Tensor, { rmsNormEps, normOffset }: DecoderConfig): Tensor {
  return rmsNorm(x, normOffset === 0 ? weight : add(weight, normOffset), rmsNormEps);
}

/**
 * Layer `index`: x [B·T, H] → [B·T, H]. Norms stand before attention and feed-forward part, with `outputNorms` behind them
 * too; `post_attention_layernorm` names the second of two norms and the second of four.
 */
export function decoderLayer(context: LayerContext, index: number): (x: Tensor, weights: LayerWeights) => Tensor {
  const { config } = context;
  const { outputNorms } = config;
  return (x, weights) => {
    const norm = (name: string, value: Tensor): Tensor =>
      scope(name, () => normalize(value, weights[`${name}.weight`]!, config));
    const attended = scope('self_attn', () => selfAttention(norm('input_layernorm', x), weights, context, index));
    const middle = add(x, outputNorms ? norm('post_attention_layernorm', attended) : attended);
    const normalized = norm(outputNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm', middle);
    const fed = scope('mlp', () => feedForward(normalized, weights, context));
    return add(middle, outputNorms ? norm('post_feedforward_layernorm', fed) : fed);
  };
}

function selfAttention(x: Tensor, weights: LayerWeights, context: LayerContext, index: number): Tensor {
  const { config, rows, attend, rotations } = context;
  const rotation = rotations(config.layers[index]!);
  const project = inputProjections(x, weights, context);
  const heads = (part: InputProjection): Tensor => splitHeads(project(part), rows, config.headDim);
  const norm = (value: Tensor, name: string): Tensor =>
    config.queryKeyNorms ? normalize(value, weights[`self_attn.${name}.weight`]!, config) : value;
  const queries = rotation.queries(norm(heads('q_proj'), 'q_norm')); // [B, A, T, D]
  const keys = rotation.keys(norm(heads('k_proj'), 'k_norm')); // [B, KV, T, D]
  const values = heads('v_proj'); // [B, KV, T, D]
  return projection(weights, context, 'self_attn.o_proj')(mergeHeads(attend(index, queries, keys, values)));
}

type InputProjection = 'q_proj' | 'k_proj' | 'v_proj';

/** Queries [B·T, A·D], keys and values [B·T, KV·D] of x [B·T, H]. */
function inputProjections(x: Tensor, weights: LayerWeights, context: LayerContext): (part: InputProjection) => Tensor {
  const { config } = context;
  if (!config.fusedProjections) return (part) => projection(weights, context, `self_attn.${part}`)(x);
  const keyWidth = config.numKeyValueHeads * config.headDim;
  const widths = [config.numAttentionHeads * config.headDim, keyWidth, keyWidth];
  const [queries, keys, values] = splitColumns(projection(weights, context, 'self_attn.qkv_proj')(x), widths) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const parts: Readonly<Record<InputProjection, Tensor>> = { q_proj: queries, k_proj: keys, v_proj: values };
  return (part) => parts[part];
}

function feedForward(x: Tensor, weights: LayerWeights, context: LayerContext): Tensor {
  const { config } = context;
  const project = (name: string): Projection => projection(weights, context, `mlp.${name}`);
  const activation = ACTIVATIONS[config.hiddenAct];
  const down = project('down_proj');
  if (!config.fusedProjections) {
    return gatedFeedForward(x, activation, [project('gate_proj'), project('up_proj'), down]);
  }
  const size = config.intermediateSize;
  const [gate, up] = splitColumns(project('gate_up_proj')(x), [size, size]) as [Tensor, Tensor];
  return gatedFeedForward(x, activation, [() => gate, () => up, down]);
}

const projection =
  (weights: LayerWeights, { drop }: LayerContext, name: string): Projection =>
  (x) =>
    adaptedLinear(x, weights, name, drop);
