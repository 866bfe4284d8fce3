import { referenceSource, type LanguageModel, type StepDefinition } from '@tether/core';
import type { ResolvedPlugins } from '../config/resolvePlugins.ts';
import type { RunConfig } from '../config/runSchema.ts';

/** What the graphs of a run's steps are built from. */
export const stepDefinition = (
  { training }: RunConfig,
  plugins: ResolvedPlugins,
  model: LanguageModel,
): StepDefinition => ({
  model,
  objective: plugins.objective,
  regularizers: plugins.regularizers,
  optimizer: {
    beta1: training.adam_beta1,
    beta2: training.adam_beta2,
    epsilon: training.adam_epsilon,
    weightDecay: training.weight_decay,
  },
  maxGradNorm: training.max_grad_norm,
  reference: referenceSource(plugins, training.precompute_ref_log_probs, training.sync_ref_model),
});
