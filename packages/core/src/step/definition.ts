import { DIVERGENCE_KINDS, type DivergenceKind } from '@tether/graph';
import type { AdamWConstants } from '../optimizer/index.ts';
import type { LanguageModel, Need, NetworkSpec, Objective, ParameterSpec, Regularizer } from '../contracts/index.ts';

/** A plugin with the config that its own schema parsed. */
export interface ObjectiveUse {
  readonly plugin: Objective;
  readonly config: unknown;
}

export interface RegularizerUse {
  /** Unique within the run: the plugin's name, with a number where one is used twice. Prefixes its tensors. */
  readonly key: string;
  readonly plugin: Regularizer;
  readonly config: unknown;
}

/** Where the reference's values come from; a moving one follows the policy (Gorbatovski et al. 2024, TR-DPO). */
export type ReferenceSource = 'none' | 'inline' | 'precomputed' | 'moving';

/** Everything that the graphs of a run are built from. */
export interface StepDefinition {
  readonly model: LanguageModel;
  readonly objective: ObjectiveUse;
  readonly regularizers: readonly RegularizerUse[];
  readonly optimizer: AdamWConstants;
  /** Global-norm clipping of the policy's gradients; 0 for none. */
  readonly maxGradNorm: number;
  readonly reference: ReferenceSource;
}

/** The union of what the run's plugins need. */
export function needsOf({
  objective,
  regularizers,
}: Pick<StepDefinition, 'objective' | 'regularizers'>): ReadonlySet<Need> {
  return new Set([
    ...objective.plugin.needs(objective.config),
    ...regularizers.flatMap(({ plugin, config }) => plugin.needs(config)),
  ]);
}

const REFERENCE_STATES: readonly Need[] = ['referencePredictorStates', 'referenceLatents'];

/** Divergences that plugins of the run need. */
export const neededDivergences = (needs: ReadonlySet<Need>): DivergenceKind[] =>
  DIVERGENCE_KINDS.filter((kind) => needs.has(`divergence/${kind}`));

/** Whether any plugin of the run looks at the reference. */
export const needsReference = (needs: ReadonlySet<Need>): boolean =>
  needs.has('referenceLogps') || needsReferenceStates(needs);

/** Whether the reference's hidden states (not only its log-probabilities) are needed. */
export const needsReferenceStates = (needs: ReadonlySet<Need>): boolean =>
  REFERENCE_STATES.some((need) => needs.has(need)) || neededDivergences(needs).length > 0;

export const trainableParameters = (model: LanguageModel): readonly ParameterSpec[] =>
  model.parameters.filter(({ trainable }) => trainable);

export function networkSpec(model: LanguageModel, { plugin, config }: RegularizerUse): NetworkSpec {
  const { hiddenSize, vocabularySize } = model;
  return plugin.networks?.({ hiddenSize, vocabularySize }, config) ?? { parameters: {}, state: {} };
}

/** Names of the tensors that a run keeps on the device; graphs use them as inputs and outputs. */
export const names = {
  policy: (parameter: string) => `policy/${parameter}`,
  reference: (parameter: string) => `reference/${parameter}`,
  movingReference: (parameter: string) => `movingReference/${parameter}`,
  gradient: (parameter: string) => `gradient/${parameter}`,
  firstMoment: (parameter: string) => `firstMoment/${parameter}`,
  secondMoment: (parameter: string) => `secondMoment/${parameter}`,
  network: (key: string, part: 'parameter' | 'state' | 'gradient' | 'firstMoment' | 'secondMoment', name: string) =>
    `network/${key}/${part}/${name}`,
} as const;
