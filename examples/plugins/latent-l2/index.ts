import { defineRegularizer, requireReference, type BatchViews } from '@tether/core';
import { div, maximum, mul, reduceSum, reshape, sqrt, sub, type Tensor } from '@tether/graph';
import { z } from 'zod';

const config = z.strictObject({
  squared: z.boolean().default(true).describe('penalize the squared distance; false: the distance itself'),
});

/** Mean over the real tokens of each side: latents [B, S, L, H] → [B, S, H]. */
function pooled({ latentMask }: BatchViews, latents: Tensor): Tensor {
  const mask = reshape(latentMask, [...latentMask.shape, 1]); // [B, S, L, 1]
  const tokens = maximum(reduceSum(mask, [2]), 1); // [B, S, 1]; a row that fills up a batch has none
  return div(reduceSum(mul(latents, mask), [2]), tokens);
}

export const plugin = defineRegularizer<z.infer<typeof config>>({
  name: 'latent-l2',
  description: 'distance between the mean hidden states of policy and reference',
  config,
  needs: () => ['latents', 'referenceLatents'],
  penalty({ key, views, config: { squared } }) {
    const reference = pooled(views, requireReference(views).latents);
    const gap = sub(pooled(views, views.policy.latents), reference); // [B, S, H]
    const squares = reduceSum(mul(gap, gap), [1, 2]); // [B]: over all sides of a row
    const distance = sqrt(maximum(squares, 1e-12)); // √ has no slope at 0, where the policy starts
    return {
      loss: views.meanOverRows(squared ? squares : distance),
      metrics: { [`${key}/distance`]: views.meanOverRows(distance) },
    };
  },
});
