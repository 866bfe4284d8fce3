import { z } from 'zod';

export const ESTIMATORS = ['reverse', 'forward', 'jensen-shannon', 'k1', 'k2', 'k3'] as const;

export const klConfig = z.strictObject({
  estimator: z
    .enum(ESTIMATORS)
    .default('reverse')
    .describe(
      'full distributions: reverse KL(π‖ref), forward KL(ref‖π), jensen-shannon; the data’s tokens only: k1, k2, k3',
    ),
});
export type KlConfig = z.infer<typeof klConfig>;
export type Estimator = KlConfig['estimator'];
