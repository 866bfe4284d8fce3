import { add, equal, gather, iota, mul, pad, reshape, select, sub, type Tensor } from '@tether/graph';
import { attention, slotMask } from '../blocks/index.ts';
import type { CachedModel, LayerCache } from '../generation/cachedModel.ts';
import type { LlamaConfig } from '../config/index.ts';
import { forward } from './forward.ts';
import { sortWeights } from './weights.ts';

/** The same forward pass with a key/value cache, for generation. */
export const cachedLlama = (config: LlamaConfig): CachedModel => ({
  cachedLayers: config.numHiddenLayers,
  cacheShape: (rows, slots) => [rows, config.numKeyValueHeads, slots, config.headDim],

  prefill(parameters, { tokens, lengths }, slots) {
    const [rows, length] = tokens.shape as readonly [number, number];
    const positions = iota([rows, length], 1);
    const mask = slotMask(positions, length); // [B, 1, P, P]
    const cache: LayerCache[] = [];
    const states = forward(config, sortWeights(config, parameters), tokens, positions, (queries, keys, values) => {
      cache.push({ keys: padSlots(keys, slots), values: padSlots(values, slots) });
      return attention(queries, keys, values, mask);
    }); // [B·P, H]
    const last = add(mul(iota([rows], 0), length), sub(lengths, 1)); // flat index of each prompt's last token
    return { states: gather(states, last), cache };
  },

  decode(parameters, { tokens, positions }, cache) {
    const rows = tokens.shape[0]!;
    const slots = cache[0]!.keys.shape[2]!;
    const columns = reshape(positions, [rows, 1]);
    const mask = slotMask(columns, slots); // [B, 1, 1, S]
    const here = equal(iota([1, 1, slots, 1], 2), reshape(positions, [rows, 1, 1, 1])); // [B, 1, S, 1]
    const next: LayerCache[] = [];
    const states = forward(
      config,
      sortWeights(config, parameters),
      reshape(tokens, [rows, 1]),
      columns,
      (queries, keys, values) => {
        const old = cache[next.length]!;
        const now = { keys: select(here, keys, old.keys), values: select(here, values, old.values) };
        next.push(now);
        return attention(queries, now.keys, now.values, mask);
      },
    ); // [B, H]
    return { states, cache: next };
  },
});

/** x [B, KV, P, D] → [B, KV, S, D], zeros behind. */
const padSlots = (x: Tensor, slots: number): Tensor => pad(x, [0, 0, 0, 0], [0, 0, slots - x.shape[2]!, 0], 0);
