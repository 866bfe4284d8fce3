import { defineObjective, type Objective } from '@tether/core';
import { dpoConfig, memberConfig, NEUTRAL_OPTIONS, type DpoConfig, type MemberConfig } from './config.ts';
import { dpoLoss } from './dpo.ts';
import { LOSSES, type LossType } from './losses/index.ts';

export { LOSS_TYPES, type LossType } from './losses/index.ts';

const needs = () => ['rejected', 'referenceLogps'] as const;

/** Direct preference optimization, and its family by `loss_type`. */
export const plugin = defineObjective<DpoConfig>({
  name: 'dpo',
  description: 'direct preference optimization (Rafailov et al. 2023), and all losses of its family by loss_type',
  config: dpoConfig,
  needs,
  loss: dpoLoss,
});
export default plugin;

/** A plugin that is one loss, with the options that this loss reads. */
const member = (name: string, type: LossType, smoothing = 0): [string, Objective] => [
  name,
  defineObjective<MemberConfig>({
    name,
    description: name === type ? LOSSES[type].description : `${LOSSES[type].description}, as ${name}`,
    config: memberConfig(type, smoothing),
    needs,
    loss: (views, options) => dpoLoss(views, { ...NEUTRAL_OPTIONS, ...options, loss_type: type }),
  }),
];

/** The family under names of their own, such as `ipo`; `sigmoid` is `dpo`, and `sft` an objective besides. */
export const plugins: Readonly<Record<string, Objective>> = Object.fromEntries([
  member('cdpo', 'sigmoid', 0.1),
  member('hinge', 'hinge'),
  member('ipo', 'ipo'),
  member('exo_pair', 'exo_pair', 0.001),
  member('nca_pair', 'nca_pair'),
  member('robust', 'robust', 0.1),
  member('bco_pair', 'bco_pair'),
  member('sppo_hard', 'sppo_hard'),
  member('aot', 'aot'),
  member('aot_unpaired', 'aot_unpaired'),
  member('apo_zero', 'apo_zero'),
  member('apo_down', 'apo_down'),
  member('discopop', 'discopop'),
  member('sigmoid_norm', 'sigmoid_norm'),
]);
