import { z } from 'zod';

/** Shapes are static, so every row is padded to the length of its bucket. */
export const bucketsSchema = z.strictObject({
  max_count: z.int().positive().default(4).describe('At most this many row lengths; each costs one compiled step.'),
  multiple_of: z.int().positive().default(8).describe('Row lengths are multiples of this.'),
  boundaries: z
    .array(z.int().positive())
    .min(1)
    .optional()
    .describe('Row lengths of your own, in tokens; otherwise those that waste least padding are taken.'),
});

export type BucketOptions = z.infer<typeof bucketsSchema>;
