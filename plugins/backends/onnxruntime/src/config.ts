import { z } from 'zod';

export const PROVIDERS = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;
export type Provider = (typeof PROVIDERS)[number];

export const configSchema = z.strictObject({
  providers: z
    .array(z.enum(PROVIDERS))
    .min(1)
    .default(['cpu'])
    .describe('execution providers, tried in this order for each operation; cpu takes what the others cannot'),
  threads: z
    .int()
    .min(0)
    .default(0)
    .describe('threads that share the work of one operation; 0 for one per available processor'),
});

export type OnnxRuntimeConfig = z.infer<typeof configSchema>;
