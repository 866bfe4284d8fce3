import { testRegularizer } from '@tether/testing';
import { plugin } from './index.ts';

/** Small discriminators: the oracle is slow. */
const small = { width: 8, heads: 2, layers: 1, feed_forward_ratio: 2, max_positions: 8, dropout: 0 };
const tiny = { ...small, width: 4, feed_forward_ratio: 1 };

const OWN_MEANS = {
  test: 'opponent: adds up: micro-batches sum to the whole batch',
  reason: 'each forward compares its scores with running means that its own rows moved, as in the published code',
};
const DRAWS_BY_PLACE = {
  test: 'opponent: does not depend on the order of rows',
  reason: 'dropout masks and the mixtures of the gradient penalty are drawn for places of the batch, not for rows',
};

// The kit confirms the gradients by central differences: of the gradient penalty, they are of second order.
testRegularizer(plugin, {
  configs: [
    small,
    { ...small, pooling: 'published' },
    { ...tiny, loss: 'hinge', architecture: 'mlp' },
    { ...tiny, loss: 'least_squares', spectral_norm: false },
    { ...tiny, architecture: 'mlp', loss: 'wasserstein', gradient_penalty: 0 },
  ],
  skips: [OWN_MEANS],
});
testRegularizer(plugin, {
  configs: [
    { ...small, dropout: 0.1 },
    { ...tiny, discriminators: 'one', dropout: 0.1 },
    { ...tiny, loss: 'wasserstein' },
    { ...tiny, architecture: 'mlp', loss: 'wasserstein', discriminators: 'one', spectral_norm: false },
    { ...tiny, architecture: 'mlp', gradient_penalty: 1, pooling: 'published', latent_layers: [0, -1] },
  ],
  skips: [OWN_MEANS, DRAWS_BY_PLACE],
});
