import type { z } from 'zod';
import { rawComparisonSchema, type RawComparison } from './schema.ts';

/** The file or object is not a comparison; the message lists every problem with its path. */
export class InvalidComparisonError extends Error {
  override readonly name = 'InvalidComparisonError';
}

/** Reads a comparison from parsed JSON. Throws {@link InvalidComparisonError} naming every problem at once. */
export function parseRawComparison(json: unknown): RawComparison {
  const result = rawComparisonSchema.safeParse(json);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${pathText(issue)}: ${issue.message}`);
  throw new InvalidComparisonError(`The comparison has ${lines.length} problem(s):\n${lines.join('\n')}`);
}

function pathText(issue: z.core.$ZodIssue): string {
  return issue.path.map(String).join('.') || '(top level)';
}
