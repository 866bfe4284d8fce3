import { concat, type Tensor } from '@tether/graph';
import type { ModelViews } from '../contracts/index.ts';

/**
 * Hidden states of one model over prompt and completion: the last layer's after the final norm, or those of some layers
 * side by side, [B, S, L, H·layers].
 */
export const latentsOf = (model: ModelViews, layers: readonly number[] | undefined): Tensor =>
  layers === undefined
    ? model.latents
    : concat(
        layers.map((layer) => model.layerLatents(layer)),
        3,
      );
