import { z } from 'zod';

/** Options of low-rank adapters, named as in PEFT's LoraConfig where they mean the same. */
export const loraSchema = z.strictObject({
  rank: z.int().positive().default(16).describe('width r of the two factors of each adapted weight'),
  alpha: z.number().positive().optional().describe('the update is scaled by alpha / rank; default: 2 · rank'),
  rslora: z.boolean().default(false).describe('scale by alpha / √rank (rank-stabilized; Kalajdzievski 2023)'),
  dora: z
    .boolean()
    .default(false)
    .describe('train the length of each output’s weights by itself (DoRA; Liu et al. 2024, arXiv 2402.09353)'),
  dropout: z
    .number()
    .min(0)
    .max(0.99)
    .default(0)
    .describe('share of an adapter’s input that training drops, in 4096ths'),
  target_modules: z
    .union([z.literal('all-linear'), z.array(z.string().min(1)).min(1)])
    .default('all-linear')
    .describe('last parts of the names of the adapted modules, for example q_proj; all-linear: all of the layers'),
});
export type LoraOptions = z.infer<typeof loraSchema>;

/** The same with nothing left open. */
export interface LoraConfig {
  readonly rank: number;
  readonly alpha: number;
  readonly rslora: boolean;
  readonly dora: boolean;
  readonly dropout: number;
  readonly targetModules: LoraOptions['target_modules'];
}

export const loraConfig = ({ rank, alpha = 2 * rank, target_modules, ...rest }: LoraOptions): LoraConfig => ({
  ...rest,
  rank,
  alpha,
  targetModules: target_modules,
});

/** What the product of the factors is multiplied by. */
export const loraScale = ({ alpha, rank, rslora }: LoraConfig): number => alpha / (rslora ? Math.sqrt(rank) : rank);
