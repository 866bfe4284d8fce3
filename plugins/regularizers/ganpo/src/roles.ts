import type { GanpoConfig } from './config.ts';

/** Sequences of one model: the policy's or the reference's, on chosen (0) or rejected (1). */
export interface SequenceSet {
  readonly model: 'policy' | 'reference';
  readonly side: 0 | 1;
}

/** A term of a discriminator's loss: its scores of a set against the running mean of another, towards real or not. */
export interface Term {
  readonly score: string;
  readonly against: string;
  readonly target: 0 | 1;
  /** Ranks the policy above the reference's worse side, beside telling it from the better one. */
  readonly ranks: boolean;
}

/** What a discriminator looks at and learns. */
export interface Role {
  /** By name, in the order of its training forwards. Each name has a running mean of scores. */
  readonly sets: Readonly<Record<string, readonly SequenceSet[]>>;
  /** The set that it takes for real, and that the policy's latents are pulled to. */
  readonly real: string;
  readonly terms: readonly Term[];
}

const set = (model: SequenceSet['model'], side: 0 | 1): SequenceSet => ({ model, side });

const tellsApart = (real: string): readonly Term[] => [
  { score: real, against: 'policy', target: 1, ranks: false },
  { score: 'policy', against: real, target: 0, ranks: false },
];

/** One side's discriminator, as published: reference-better above policy above reference-worse. */
const guard = (side: 0 | 1): Role => {
  const [better, worse] = side === 0 ? (['real_good', 'real_bad'] as const) : (['real_bad', 'real_good'] as const);
  return {
    sets: { policy: [set('policy', side)], real_good: [set('reference', 0)], real_bad: [set('reference', 1)] },
    real: better,
    terms: [
      ...tellsApart(better),
      { score: 'policy', against: worse, target: 1, ranks: true },
      { score: worse, against: 'policy', target: 0, ranks: true },
    ],
  };
};

/** One discriminator of everything: reference against policy, whatever the side. */
const both: Role = {
  sets: {
    policy: [set('policy', 0), set('policy', 1)],
    real: [set('reference', 0), set('reference', 1)],
  },
  real: 'real',
  terms: tellsApart('real'),
};

const ROLES: Readonly<Record<GanpoConfig['discriminators'], Readonly<Record<string, Role>>>> = {
  two: { plus: guard(0), minus: guard(1) },
  one: { single: both },
};

/** The discriminators of a run by name, in the order of their forwards. */
export const rolesOf = ({
  discriminators,
}: Pick<GanpoConfig, 'discriminators'>): readonly (readonly [string, Role])[] => Object.entries(ROLES[discriminators]);
