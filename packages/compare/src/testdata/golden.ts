import { readFileSync } from 'node:fs';
import { z } from 'zod';

const numbers = z.array(z.number());

const goldenSchema = z.strictObject({
  quantiles: z.strictObject({
    student: z.array(z.strictObject({ probability: z.number(), degrees: z.int(), value: z.number() })),
    normal: z.array(z.strictObject({ probability: z.number(), value: z.number() })),
  }),
  signFlips: z.array(z.strictObject({ differences: numbers, p: z.number(), exact: z.boolean() })),
  crossedBootstrap: z.strictObject({
    values: z.array(numbers),
    seedIndices: numbers,
    promptIndices: numbers,
    resamples: z.int(),
    confidence: z.number(),
    seedExpansion: z.number(),
    promptExpansion: z.number(),
    plainMeans: numbers,
    expandedMeans: numbers,
    interval: z.strictObject({ low: z.number(), high: z.number() }),
  }),
  scipyBootstrap: z.strictObject({
    values: numbers,
    low: z.number(),
    high: z.number(),
    standardError: z.number(),
  }),
  holm: z.array(z.strictObject({ p: numbers, corrected: numbers })),
});

/** What scipy, numpy and statsmodels say; made by tools/goldens/compare_statistics.py. */
export function readStatisticsGolden(): z.infer<typeof goldenSchema> {
  const text = readFileSync(new URL('./statistics.golden.json', import.meta.url), 'utf8');
  return goldenSchema.parse(JSON.parse(text));
}
