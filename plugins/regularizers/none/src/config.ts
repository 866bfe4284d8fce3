import { z } from 'zod';

export const noneConfig = z.strictObject({});
export type NoneConfig = z.infer<typeof noneConfig>;
