import { add, equal, gather, iota, mul, pad, reshape, select, sub, type Tensor } from '@tether/graph';
import { attention, slotMask } from '../blocks/index.ts';
import type { CachedModel, LayerCache } from '../generation/cachedModel.ts';
import type { Attend, TransformerBody } from './body.ts';
import { layerMasks } from './masks.ts';

/** The same forward pass with a key/value cache, for generation. */
export const cachedTransformer = (body: TransformerBody): CachedModel => ({
  cachedLayers: body.layers.length,
  ...(body.rereadsBeyond === undefined ? {} : { rereadsBeyond: body.rereadsBeyond }),
  cacheShape: (rows, slots) => [rows, body.keyHeads, slots, body.headDim],

  prefill(parameters, { tokens, lengths }, slots) {
    const [rows, length] = tokens.shape as readonly [number, number];
    const positions = iota([rows, length], 1);
    const masks = layerMasks(body.layers, length, (window) => slotMask(positions, length, window)); // [B, 1, P, P]
    const cache: LayerCache[] = [];
    const attend: Attend = (layer, queries, keys, values) => {
      cache[layer] = { keys: padSlots(keys, slots), values: padSlots(values, slots) };
      return attention(queries, keys, values, masks(layer), body.layers[layer]!.cap);
    };
    const states = body.forward(parameters, { tokens, positions, lengths }, attend, false); // [B·P, H]
    const last = add(mul(iota([rows], 0), length), sub(lengths, 1)); // flat index of each prompt's last token
    return { states: gather(states, last), cache };
  },

  decode(parameters, { tokens, positions }, cache) {
    const rows = tokens.shape[0]!;
    const slots = cache[0]!.keys.shape[2]!;
    const columns = reshape(positions, [rows, 1]);
    const masks = layerMasks(body.layers, slots, (window) => slotMask(columns, slots, window)); // [B, 1, 1, S]
    const here = equal(iota([1, 1, slots, 1], 2), reshape(positions, [rows, 1, 1, 1])); // [B, 1, S, 1]
    const next: LayerCache[] = [];
    const places = { tokens: reshape(tokens, [rows, 1]), positions: columns };
    const attend: Attend = (layer, queries, keys, values) => {
      const old = cache[layer]!;
      const now = { keys: select(here, keys, old.keys), values: select(here, values, old.values) };
      next[layer] = now;
      return attention(queries, now.keys, now.values, masks(layer), body.layers[layer]!.cap);
    };
    return { states: body.forward(parameters, places, attend, false), cache: next }; // [B, H]
  },
});

/** x [B, KV, P, D] → [B, KV, S, D], zeros behind. */
const padSlots = (x: Tensor, slots: number): Tensor => pad(x, [0, 0, 0, 0], [0, 0, slots - x.shape[2]!, 0], 0);
