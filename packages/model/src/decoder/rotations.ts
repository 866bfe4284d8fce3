import { mul, type Tensor } from '@tether/graph';
import { applyRotary, rotaryTables, scaledTables } from '../blocks/index.ts';
import type { DecoderConfig, LayerConfig } from '../config/index.ts';
import type { Places } from '../transformer/index.ts';

/** What puts positions into the heads of a layer. */
export interface Rotation {
  /** Queries [B, A, T, D] turned, and scaled for the scores. */
  readonly queries: (x: Tensor) => Tensor;
  /** Keys [B, KV, T, D] turned. */
  readonly keys: (x: Tensor) => Tensor;
}

/** The rotation of each kind of layer that the model has; their tables are made once. */
export function rotations(config: DecoderConfig, places: Places): (layer: LayerConfig) => Rotation {
  const kinds = [...new Set(config.layers.map(({ rope }) => rope))];
  const made = new Map(kinds.map((kind) => [kind, rotation(config, kind, places)]));
  return ({ rope }) => made.get(rope)!; // of the same layers
}

function rotation(config: DecoderConfig, kind: LayerConfig['rope'], places: Places): Rotation {
  const { rotaryDim, queryScale } = config;
  if (kind === 'none') return { queries: (x) => mul(x, queryScale), keys: (x) => x };
  const rope = kind === 'local' ? config.localRope! : config.rope; // by the schema
  const tables = rotaryTables(places.positions, rotaryDim, rope, places.lengths);
  const queryTables = scaledTables(tables, queryScale);
  return { queries: (x) => applyRotary(x, queryTables), keys: (x) => applyRotary(x, tables) };
}
