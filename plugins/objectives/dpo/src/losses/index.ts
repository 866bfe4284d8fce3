import type { OptionName } from '../config.ts';
import { aotLoss, aotUnpairedLoss } from './aot.ts';
import { apoDownLoss, apoZeroLoss } from './apo.ts';
import { bcoPairLoss } from './bcoPair.ts';
import { discopopLoss } from './discopop.ts';
import { exoPairLoss } from './exoPair.ts';
import { hingeLoss } from './hinge.ts';
import { ipoLoss } from './ipo.ts';
import { ncaPairLoss } from './ncaPair.ts';
import type { PairLoss } from './pair.ts';
import { robustLoss } from './robust.ts';
import { sftLoss } from './sft.ts';
import { sigmoidLoss } from './sigmoid.ts';
import { sigmoidNormLoss } from './sigmoidNorm.ts';
import { sppoHardLoss } from './sppoHard.ts';

export interface LossRecord {
  readonly loss: PairLoss;
  /** For `tether plugins`. */
  readonly description: string;
  /** Options that it reads besides `beta` and `ld_alpha`, which all do. */
  readonly options: readonly OptionName[];
  /** Options that it does not read, and that other losses of a mixture may. */
  readonly indifferentTo?: readonly OptionName[];
}

/** A loss that sees nothing but the difference of scores has a form for every f-divergence; the others have none. */
const DIVERGENCES = ['f_divergence_type', 'f_alpha_divergence_coef'] as const satisfies readonly OptionName[];
/** Sorting over the batch would part the weights from their pairs; the mean of `sft` is over tokens. */
const WEIGHTING = ['use_weighting'] as const satisfies readonly OptionName[];

/** Every loss of the family, by TRL's name for it. */
export const LOSSES = {
  sigmoid: {
    loss: sigmoidLoss,
    description: 'direct preference optimization (Rafailov et al. 2023)',
    options: ['label_smoothing', ...DIVERGENCES, ...WEIGHTING],
  },
  hinge: {
    loss: hingeLoss,
    description: 'hinge loss of reward margins (Liu et al. 2023, RSO; SLiC with a reference)',
    options: [...DIVERGENCES, ...WEIGHTING],
  },
  ipo: {
    loss: ipoLoss,
    description: 'identity preference optimization (Azar et al. 2023)',
    options: ['token_reduction', ...DIVERGENCES, ...WEIGHTING],
  },
  exo_pair: {
    loss: exoPairLoss,
    description: 'efficient exact optimization on pairs (Ji et al. 2024)',
    options: ['label_smoothing', ...DIVERGENCES, ...WEIGHTING],
  },
  nca_pair: {
    loss: ncaPairLoss,
    description: 'noise contrastive alignment on pairs (Chen et al. 2024)',
    options: WEIGHTING,
  },
  robust: {
    loss: robustLoss,
    description: 'DPO that is unbiased under flipped labels (Chowdhury et al. 2024)',
    options: ['label_smoothing', ...DIVERGENCES, ...WEIGHTING],
  },
  bco_pair: {
    loss: bcoPairLoss,
    description: 'binary classifier optimization on pairs (Jung et al. 2024), without the reward shift',
    options: WEIGHTING,
  },
  sppo_hard: {
    loss: sppoHardLoss,
    description: 'self-play preference optimization with hard labels (Wu et al. 2024)',
    options: WEIGHTING,
  },
  aot: {
    loss: aotLoss,
    description: 'alignment via optimal transport, paired (Melnyk et al. 2024)',
    options: ['label_smoothing'],
  },
  aot_unpaired: {
    loss: aotUnpairedLoss,
    description: 'alignment via optimal transport, unpaired (Melnyk et al. 2024)',
    options: ['label_smoothing'],
  },
  apo_zero: {
    loss: apoZeroLoss,
    description: 'anchored preference optimization, zero (D’Oosterlinck et al. 2024)',
    options: WEIGHTING,
  },
  apo_down: {
    loss: apoDownLoss,
    description: 'anchored preference optimization, down (D’Oosterlinck et al. 2024)',
    options: WEIGHTING,
  },
  discopop: {
    loss: discopopLoss,
    description: 'discovered preference optimization (Lu et al. 2024)',
    options: ['discopop_tau', ...DIVERGENCES, ...WEIGHTING],
  },
  sigmoid_norm: {
    loss: sigmoidNormLoss,
    description: 'length-normalized DPO (Lambert et al. 2024, Tülu 3)',
    options: [...DIVERGENCES, ...WEIGHTING],
  },
  sft: {
    loss: sftLoss,
    description: 'negative log-likelihood of the chosen completions, for mixtures',
    options: [],
    indifferentTo: DIVERGENCES,
  },
} as const satisfies Readonly<Record<string, LossRecord>>;

export type LossType = keyof typeof LOSSES;

/** Names in the order of the record. */
export const LOSS_TYPES = Object.keys(LOSSES) as LossType[]; // the record's own keys
