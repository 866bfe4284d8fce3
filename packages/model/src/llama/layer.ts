import { add, rmsNorm, scope, type Tensor } from '@tether/graph';
import {
  applyRotary,
  linear,
  mergeHeads,
  scaledTables,
  splitHeads,
  swiglu,
  type Projection,
  type RotaryTables,
} from '../blocks/index.ts';
import type { LlamaConfig } from '../config/index.ts';

/** A layer's tensors by their names inside the layer, for example `self_attn.q_proj.weight`. */
export type LayerWeights = Readonly<Record<string, Tensor>>;

/** Turns queries [B, A, T, D] and new keys and values [B, KV, T, D] into outputs [B, A, T, D]. */
export type Attend = (queries: Tensor, keys: Tensor, values: Tensor) => Tensor;

/** What every layer of one forward pass shares. */
export interface LayerContext {
  readonly config: LlamaConfig;
  readonly rows: number; // B
  readonly queryTables: RotaryTables; // scaled by 1/√D
  readonly keyTables: RotaryTables;
}

export const layerContext = (config: LlamaConfig, rows: number, tables: RotaryTables): LayerContext => ({
  config,
  rows,
  queryTables: scaledTables(tables, 1 / Math.sqrt(config.headDim)),
  keyTables: tables,
});

/** One pre-norm decoder layer: x [B·T, H] → [B·T, H]. */
export function decoderLayer(x: Tensor, weights: LayerWeights, context: LayerContext, attend: Attend): Tensor {
  const attended = add(
    x,
    scope('self_attn', () =>
      selfAttention(normalize(x, weights, 'input_layernorm', context), weights, context, attend),
    ),
  );
  const normalized = normalize(attended, weights, 'post_attention_layernorm', context);
  const project = (name: string): Projection => projection(weights, `mlp.${name}`);
  return add(
    attended,
    scope('mlp', () => swiglu(normalized, project('gate_proj'), project('up_proj'), project('down_proj'))),
  );
}

function selfAttention(x: Tensor, weights: LayerWeights, context: LayerContext, attend: Attend): Tensor {
  const { config, rows, queryTables, keyTables } = context;
  const heads = (name: string): Tensor => splitHeads(projection(weights, `self_attn.${name}`)(x), rows, config.headDim);
  const queries = applyRotary(heads('q_proj'), queryTables); // [B, A, T, D]
  const keys = applyRotary(heads('k_proj'), keyTables); // [B, KV, T, D]
  const values = heads('v_proj'); // [B, KV, T, D]
  return projection(weights, 'self_attn.o_proj')(mergeHeads(attend(queries, keys, values)));
}

function normalize(x: Tensor, weights: LayerWeights, name: string, { config }: LayerContext): Tensor {
  return scope(name, () => rmsNorm(x, weights[`${name}.weight`]!, config.rmsNormEps));
}

const projection =
  (weights: LayerWeights, name: string): Projection =>
  (x) =>
    linear(x, weights[`${name}.weight`]!, weights[`${name}.bias`]);
