import { z } from 'zod';

export const PROVIDERS = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;
export type Provider = (typeof PROVIDERS)[number];
/** Providers other than the one that is always there. */
export type DeviceProvider = Exclude<Provider, 'cpu'>;

export const configSchema = z.strictObject({
  providers: z
    .array(z.enum(PROVIDERS))
    .min(1)
    .default(['cpu'])
    .describe(
      'execution providers in order of preference: those that cannot be had are passed over if cpu is listed; cpu also takes the operations that the others lack',
    ),
  profile: z
    .string()
    .optional()
    .describe('folder in which every program leaves a trace of its operations when it is disposed of'),
  library: z
    .string()
    .optional()
    .describe('folder of another build of the native library, with the libraries of its providers beside it'),
  threads: z
    .int()
    .min(0)
    .default(0)
    .describe('threads that share the work of one operation; 0 for one per available processor'),
});

export type OnnxRuntimeConfig = z.infer<typeof configSchema>;
