import {
  add,
  binaryCrossEntropy,
  div,
  logSigmoid,
  maximum,
  mul,
  neg,
  reduceSum,
  reshape,
  stopGradient,
  sub,
  type Tensor,
} from '@tether/graph';
import { z } from 'zod';
import { defineObjective, defineRegularizer, type BatchViews } from '../contracts/index.ts';
import type { ObjectiveUse, RegularizerUse } from '../step/index.ts';
import { pairOf, requireReference, rewardMetrics, sideOf } from '../views/index.ts';

/** Losses of the kinds that plugins have, for tests of the engine alone. */

const noOptions = z.strictObject({});

/** A mean over rows, against the reference: the form of DPO. */
export const pairObjective: ObjectiveUse = {
  config: {},
  plugin: defineObjective({
    name: 'pair',
    description: 'logistic loss of the margin against the reference',
    config: noOptions,
    needs: () => ['rejected', 'referenceLogps'],
    loss(views) {
      const rewards = sub(views.policy.logps.sums, requireReference(views).logps.sums);
      const { chosen, rejected } = pairOf(views, rewards);
      return {
        loss: views.meanOverRows(neg(logSigmoid(sub(chosen, rejected)))),
        metrics: rewardMetrics(views, chosen, rejected),
      };
    },
  }),
};

/** A mean over the tokens of one side: the form of fine-tuning. */
export const tokenObjective: ObjectiveUse = {
  config: {},
  plugin: defineObjective({
    name: 'token',
    description: 'negative log-likelihood of the chosen tokens',
    config: noOptions,
    needs: () => [],
    loss: (views) => ({ loss: views.meanOverSideTokens(neg(sideOf(views.policy.logps.tokens, 0)), 0) }),
  }),
};

/** A mean over the tokens of both sides, from full distributions: the form of a KL penalty. */
export const divergencePenalty: RegularizerUse = {
  key: 'divergence',
  config: {},
  plugin: defineRegularizer({
    name: 'divergence',
    description: 'KL(policy‖reference) per completion token',
    config: noOptions,
    needs: () => ['divergence/reverse'],
    penalty({ key, views }) {
      const loss = views.meanOverTokens(views.divergence('reverse'));
      return { loss, metrics: { [`${key}/per_token`]: loss } };
    },
  }),
};

/** Mean hidden state of the chosen side, [B, H]. */
function pooled(views: BatchViews, latents: Tensor): Tensor {
  const mask = sideOf(views.latentMask, 0); // [B, L]
  const total = reduceSum(mul(sideOf(latents, 0), reshape(mask, [...mask.shape, 1])), [1]);
  return div(total, maximum(reduceSum(mask, [1], true), 1));
}

const score = (weight: Tensor, states: Tensor): Tensor => reduceSum(mul(states, weight), [1]); // [B]

/** A linear critic that learns to tell policy from reference, with a running mean: the form of GANPO. */
export const criticPenalty: RegularizerUse = {
  key: 'critic',
  config: {},
  plugin: defineRegularizer({
    name: 'critic',
    description: 'a linear adversary on pooled hidden states',
    config: noOptions,
    needs: () => ['rejected', 'latents', 'referenceLatents'],
    networks: ({ hiddenSize }) => ({
      parameters: { weight: { shape: [hiddenSize], initializer: { kind: 'normal', standardDeviation: 0.5 } } },
      state: { mean: { shape: [], initializer: { kind: 'constant', value: 0 } } },
    }),
    opponent: {
      optimizer: () => ({
        learningRateRatio: 0.5,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weightDecay: 0.01,
        maxGradNorm: 0.5,
      }),
      loss({ key, views, parameters, state }) {
        const fake = score(parameters['weight']!, pooled(views, views.policy.latents));
        const real = score(parameters['weight']!, pooled(views, requireReference(views).latents));
        const loss = add(
          views.meanOverRows(binaryCrossEntropy(fake, 0)),
          views.meanOverRows(binaryCrossEntropy(real, 1)),
        );
        const mean = add(mul(state['mean']!, 0.9), mul(stopGradient(views.meanOverRows(fake)), 0.1));
        return { loss, state: { mean }, gauges: { [`${key}/mean`]: mean } };
      },
    },
    penalty: ({ views, parameters, state }) => ({
      loss: views.meanOverRows(
        binaryCrossEntropy(sub(score(parameters['weight']!, pooled(views, views.policy.latents)), state['mean']!), 1),
      ),
    }),
  }),
};
