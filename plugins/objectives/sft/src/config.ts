import { z } from 'zod';

export const sftConfig = z.strictObject({});
export type SftConfig = z.infer<typeof sftConfig>;
