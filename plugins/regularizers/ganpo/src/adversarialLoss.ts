import { add, binaryCrossEntropy, maximum, mul, neg, sub, type Tensor } from '@tether/graph';

export const LOSS_NAMES = ['bce', 'hinge', 'least_squares', 'wasserstein'] as const;
export type LossName = (typeof LOSS_NAMES)[number];

export interface AdversarialLoss {
  /** Of scores relative to the other party's mean, towards real (1) or not (0), elementwise. */
  of(relative: Tensor, target: 0 | 1): Tensor;
  /** Whether terms that rank the policy above the worse side make sense beside those that tell it from the better. */
  readonly ranks: boolean;
}

const square = (x: Tensor): Tensor => mul(x, x);

/** Relativistic average losses (Jolicoeur-Martineau 2018): the mean of the other party is taken off before. */
export const ADVERSARIAL_LOSSES: Readonly<Record<LossName, AdversarialLoss>> = {
  /** As published. */
  bce: { of: binaryCrossEntropy, ranks: true },
  /** max(0, 1 ∓ s) (Lim & Ye 2017). */
  hinge: { of: (s, target) => maximum(target === 1 ? sub(1, s) : add(s, 1), 0), ranks: true },
  /** (s ∓ 1)² (Mao et al. 2017). */
  least_squares: { of: (s, target) => square(target === 1 ? sub(s, 1) : add(s, 1)), ranks: true },
  /** ∓s (Arjovsky et al. 2017). Linear: the policy's scores would cancel between ranking terms and the others. */
  wasserstein: { of: (s, target) => (target === 1 ? neg(s) : s), ranks: false },
};
