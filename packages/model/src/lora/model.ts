import { dropout, mul, type Tensor } from '@tether/graph';
import type { Parameters } from '@tether/core';
import type { InputDropout, Places, TransformerBody } from '../transformer/body.ts';
import { LORA_B } from '../transformer/adapter.ts';
import { loraScale, type LoraConfig } from './config.ts';
import { loraParameters, loraTargets } from './targets.ts';

/**
 * A model whose weights are frozen, with low-rank adapters that are trained (LoRA, Hu et al. 2021). Adapters start with
 * B = 0, so that the model starts as its base.
 *
 * @throws RangeError naming target modules that the model has not
 */
export function withLora(base: TransformerBody, config: LoraConfig): TransformerBody {
  const adapters = loraParameters(loraTargets(base.parameters, config), config);
  const scale = loraScale(config);
  return {
    ...base,
    parameters: [...base.parameters.map((spec) => ({ ...spec, trainable: false })), ...adapters],
    forward(parameters, places, attend, rematerialize) {
      const scaled = scaleAdapters(parameters, scale);
      return base.forward(scaled, withDropout(places, config.dropout), attend, rematerialize);
    },
  };
}

/** B · scale in place of B: the small factor takes the scale, not the activations. */
const scaleAdapters = (parameters: Parameters, scale: number): Parameters =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, tensor]): [string, Tensor] => [
      name,
      name.endsWith(LORA_B) ? mul(tensor, scale) : tensor,
    ]),
  );

function withDropout(places: Places, rate: number): Places {
  const { seed } = places;
  if (seed === undefined || rate === 0) return places;
  const layerDropout =
    (layer: number): InputDropout =>
    (x, module) =>
      dropout(x, rate, seed, streamOf(layer, module));
  return { ...places, dropout: layerDropout };
}

/** A number of its own for every module of every layer (FNV-1a). */
function streamOf(layer: number, module: string): number {
  let hash = 0x811c9dc5 ^ layer;
  for (const character of module) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 1; // streams are non-negative
}
