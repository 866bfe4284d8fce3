import type { Tensor } from '@tether/graph';
import type { LayerAttention } from './body.ts';

/** Masks of the layers of one forward pass: one for each size of window. */
export type LayerMasks = (layer: number) => Tensor;

/**
 * Makes each mask once. A window that reaches over the whole row is none.
 *
 * @param reach  positions that a row can have
 */
export function layerMasks(
  layers: readonly LayerAttention[],
  reach: number,
  make: (window: number | undefined) => Tensor,
): LayerMasks {
  const windowOf = ({ window }: LayerAttention): number | undefined =>
    window === undefined || window >= reach ? undefined : window;
  const masks = new Map([...new Set(layers.map(windowOf))].map((window) => [window, make(window)]));
  return (layer) => masks.get(windowOf(layers[layer]!))!; // made of the same layers
}
