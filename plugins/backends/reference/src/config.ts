import { z } from 'zod';

/** Nothing can be chosen: the oracle has no settings. */
export const configSchema = z.strictObject({});

export type ReferenceConfig = z.infer<typeof configSchema>;
