import { checkpoint, gather, reshape, rmsNorm, scope, sizeOf, type Tensor } from '@tether/graph';
import { rotaryTables } from '../blocks/index.ts';
import type { LlamaConfig } from '../config/index.ts';
import { decoderLayer, layerContext, type Attend, type LayerContext, type LayerWeights } from './layer.ts';
import type { LlamaWeights } from './weights.ts';

/**
 * Tokens and positions i32 [B, T] → hidden states after the final norm, [B·T, H].
 *
 * @param rematerialize compute each layer again in the backward pass instead of keeping its intermediate values
 */
export function forward(
  config: LlamaConfig,
  weights: LlamaWeights,
  tokens: Tensor,
  positions: Tensor,
  attend: Attend,
  rematerialize = false,
): Tensor {
  const tables = scope('rotary', () => rotaryTables(positions, config.headDim, config.rope));
  const context = scope('rotary', () => layerContext(config, tokens.shape[0]!, tables));
  const embedded = scope('embed_tokens', () => gather(weights.embedding, reshape(tokens, [sizeOf(tokens.shape)]))); // [B·T, H]
  const run = rematerialize ? checkpointedLayer : decoderLayer;
  const last = weights.layers.reduce(
    (x, layer, index) => scope(`layers.${index}`, () => run(x, layer, context, attend)),
    embedded,
  );
  return scope('norm', () => rmsNorm(last, weights.norm, config.rmsNormEps));
}

/** `decoderLayer` that keeps only its input. */
function checkpointedLayer(x: Tensor, weights: LayerWeights, context: LayerContext, attend: Attend): Tensor {
  const names = Object.keys(weights);
  return checkpoint([x, ...names.map((name) => weights[name]!)], ([input, ...tensors]) => {
    const again = Object.fromEntries(names.map((name, index) => [name, tensors[index]!]));
    return decoderLayer(input!, again, context, attend);
  });
}
