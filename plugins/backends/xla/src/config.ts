import { z } from 'zod';

export const DEVICES = ['cpu', 'cuda', 'rocm', 'oneapi', 'tpu'] as const;
export type DeviceKind = (typeof DEVICES)[number];

export const configSchema = z.strictObject({
  device: z
    .enum(DEVICES)
    .default('cpu')
    .describe('kind of device, which decides the plugin library that is looked for'),
  library: z
    .string()
    .min(1)
    .optional()
    .describe('path of a PJRT plugin library (.so); without it the installed ones are searched'),
  python: z
    .string()
    .min(1)
    .optional()
    .describe('a Python environment, or its interpreter, whose packages hold the plugin library'),
  devices: z.int().min(1).default(1).describe('devices that share every batch row by row (data parallel)'),
  state: z
    .enum(['replicated', 'sharded'])
    .default('replicated')
    .describe('with several devices: parameters and moments whole on each of them, or split between them'),
  compute: z
    .enum(['f32', 'bf16'])
    .default('f32')
    .describe('type in which matrix products are multiplied; they are summed, and weights are kept, in f32'),
  cache: z
    .union([z.string().min(1), z.literal(false)])
    .optional()
    .describe('folder for compiled programs; false for none; without it, a folder of the user'),
  flags: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe('flags of the XLA compiler by name (xla_…), for experiments'),
});

export type XlaConfig = z.infer<typeof configSchema>;
