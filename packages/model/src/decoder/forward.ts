import { gather, mul, reshape, scope, sizeOf, type Tensor } from '@tether/graph';
import type { Parameters } from '@tether/core';
import type { DecoderConfig } from '../config/index.ts';
import { checkpointed, under, type Attend, type Places } from '../transformer/index.ts';
import { decoderLayer, normalize } from './layer.ts';
import { rotations } from './rotations.ts';

/** Tokens at their places → hidden states after the final norm, [B·T, H]. */
export function forward(
  config: DecoderConfig,
  parameters: Parameters,
  places: Places,
  attend: Attend,
  rematerialize: boolean,
): Tensor {
  const { tokens } = places;
  const context = {
    config,
    rows: tokens.shape[0]!,
    attend,
    rotations: scope('rotary', () => rotations(config, places)),
  };
  const embedded = scope('embed_tokens', () => embed(config, parameters, tokens)); // [B·T, H]
  const last = config.layers.reduce((x, _, index) => {
    const layer = decoderLayer({ ...context, drop: places.dropout?.(index) }, index);
    const run = rematerialize ? checkpointed(layer) : layer;
    const next = scope(`layers.${index}`, () => run(x, under(parameters, `model.layers.${index}.`)));
    places.observe?.(index, next);
    return next;
  }, embedded);
  return scope('norm', () => normalize(last, parameters['model.norm.weight']!, config));
}

function embed({ embeddingScale }: DecoderConfig, parameters: Parameters, tokens: Tensor): Tensor {
  const flat = reshape(tokens, [sizeOf(tokens.shape)]);
  const embedded = gather(parameters['model.embed_tokens.weight']!, flat);
  return embeddingScale === 1 ? embedded : mul(embedded, embeddingScale);
}
