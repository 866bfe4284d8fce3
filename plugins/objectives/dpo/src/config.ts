import { z } from 'zod';
import { F_DIVERGENCES } from './fDivergence.ts';
import { LOSS_TYPES, LOSSES, type LossRecord, type LossType } from './losses/index.ts';

const labelSmoothing = (fallback: number) =>
  z
    .number()
    .min(0)
    .max(0.5)
    .default(fallback)
    .describe('ε, the assumed share of wrong labels; what a loss makes of it is in the table of losses');

/** Options of the family, with the names of TRL's DPOConfig. */
const OPTIONS = {
  beta: z.number().positive().default(0.1).describe('strength of the pull to the reference; larger stays closer'),
  label_smoothing: labelSmoothing(0),
  token_reduction: z
    .enum(['mean', 'sum'])
    .default('mean')
    .describe('ipo: scores as means per token (as TRL and the authors run it) or sums (as the paper writes it)'),
  discopop_tau: z.number().positive().default(0.05).describe('discopop: temperature of the mix of its two losses'),
  f_divergence_type: z
    .enum(F_DIVERGENCES)
    .default('reverse_kl')
    .describe(
      'divergence from the reference that the scores are derived from (Wang et al. 2023); reverse_kl is plain DPO',
    ),
  f_alpha_divergence_coef: z.number().default(0.5).describe('α of alpha_divergence; 1 is reverse_kl'),
  ld_alpha: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('weight of log-probabilities beyond the length of the shorter side (Liu et al. 2024, LD-DPO); absent: 1'),
  use_weighting: z
    .boolean()
    .default(false)
    .describe('weigh pairs by how likely the policy finds them (Zhou et al. 2024, WPO)'),
};
export type DpoOptions = z.infer<z.ZodObject<typeof OPTIONS, z.core.$strict>>;
export type OptionName = keyof DpoOptions;

/** What options are where a loss does not have them. */
export const NEUTRAL_OPTIONS: DpoOptions = z.strictObject(OPTIONS).parse({});

interface LossChoice extends Partial<DpoOptions> {
  readonly loss_type: readonly LossType[];
}

/** Why a loss cannot be had with these options, as [option, reason]. */
const CONFLICTS: readonly ((type: LossType, options: LossChoice) => readonly [OptionName, string] | undefined)[] = [
  (type, { label_smoothing: epsilon }) =>
    type === 'exo_pair' && epsilon === 0
      ? ['label_smoothing', 'exo_pair needs a label_smoothing above 0; its paper recommends 0.001']
      : undefined,
  (type, { label_smoothing: epsilon }) =>
    type === 'robust' && epsilon === 0.5
      ? ['label_smoothing', 'robust divides by 1 − 2·label_smoothing: it must be below 0.5']
      : undefined,
  (type, { f_divergence_type: divergence = 'reverse_kl', loss_type: all }) =>
    divergence !== 'reverse_kl' && !goesWith(type, 'f_divergence_type', all)
      ? ['f_divergence_type', `${type} has no form for ${divergence}: only reverse_kl`]
      : undefined,
  (type, { use_weighting: weighted = false }) =>
    weighted && !reads(type, 'use_weighting')
      ? ['use_weighting', `${type} has no terms of single pairs that could be weighted`]
      : undefined,
];

const recordOf = (type: LossType): LossRecord => LOSSES[type];

const reads = (type: LossType, option: OptionName): boolean => recordOf(type).options.includes(option);

/** Whether a loss reads the option, or is none the worse for it beside a loss that does. */
const goesWith = (type: LossType, option: OptionName, all: readonly LossType[]): boolean =>
  reads(type, option) ||
  (recordOf(type).indifferentTo?.includes(option) === true && all.some((other) => reads(other, option)));

/** Options that some losses read and others have no use for. */
const OWN_OPTIONS = ['label_smoothing', 'token_reduction', 'discopop_tau'] as const satisfies readonly OptionName[];

/** Options that were given and that nothing reads, as [option, reason]. */
function unread(choice: LossChoice): (readonly [OptionName, string])[] {
  const isGiven = (option: OptionName): boolean =>
    (choice[option] ?? NEUTRAL_OPTIONS[option]) !== NEUTRAL_OPTIONS[option];
  const found = OWN_OPTIONS.filter(
    (option) => isGiven(option) && !choice.loss_type.some((type) => reads(type, option)),
  );
  const problems = found.map((option) => {
    const readers = LOSS_TYPES.filter((type) => reads(type, option)).join(', ');
    return [
      option,
      `nothing reads it with loss_type ${choice.loss_type.join(', ')}: it is an option of ${readers}`,
    ] as const;
  });
  return isGiven('f_alpha_divergence_coef') && choice.f_divergence_type !== 'alpha_divergence'
    ? [...problems, ['f_alpha_divergence_coef', 'nothing reads it unless f_divergence_type is alpha_divergence']]
    : problems;
}

function checkChoice(choice: LossChoice, context: z.RefinementCtx): void {
  const conflicts = choice.loss_type.flatMap((type) => CONFLICTS.map((conflict) => conflict(type, choice)));
  for (const found of [...conflicts, ...unread(choice)]) {
    if (found !== undefined) context.addIssue({ code: 'custom', path: [found[0]], message: found[1] });
  }
}

const lossType = z.enum(LOSS_TYPES as [LossType, ...LossType[]]);

/** The whole family: one loss, or a weighted sum of several. */
export const dpoConfig = z
  .strictObject({
    loss_type: z
      .union([lossType, z.array(lossType).min(1)])
      .default('sigmoid')
      .describe('the loss, or a list of losses to add up'),
    loss_weights: z.array(z.number()).optional().describe('a weight for each loss of the list; absent: all 1'),
    ...OPTIONS,
  })
  .superRefine(({ loss_type: types, loss_weights: weights, ...options }, context) => {
    const list = [types].flat();
    checkChoice({ ...options, loss_type: list }, context);
    if (weights !== undefined && weights.length !== list.length) {
      const message = `${weights.length} weights for ${list.length} losses`;
      context.addIssue({ code: 'custom', path: ['loss_weights'], message });
    }
    if (new Set(list).size !== list.length) {
      context.addIssue({ code: 'custom', path: ['loss_type'], message: 'a loss is named twice' });
    }
  });
export type DpoConfig = z.infer<typeof dpoConfig>;

export type MemberConfig = Partial<DpoOptions>;

/**
 * The schema of a plugin that is one loss of the family: only the options that the loss reads.
 *
 * @param smoothing its default `label_smoothing`, where it reads one
 */
export function memberConfig(type: LossType, smoothing: number): z.ZodType<MemberConfig> {
  const names = new Set<string>(['beta', 'ld_alpha', ...LOSSES[type].options]);
  const all = { ...OPTIONS, label_smoothing: labelSmoothing(smoothing) };
  const own = Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name)));
  return z.strictObject(own).superRefine((options, context) => checkChoice({ ...options, loss_type: [type] }, context)); // a part of OPTIONS
}
