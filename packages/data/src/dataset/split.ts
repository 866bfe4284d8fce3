import type { PreferenceExample } from '../formats/example.ts';
import { promptHash, seededOrder } from './contentHash.ts';

export interface Split {
  readonly train: readonly PreferenceExample[];
  readonly eval: readonly PreferenceExample[];
}

/**
 * Holds out about `fraction` of the rows. Rows with the same prompt go the same way, so no prompt is in both parts;
 * which prompts are held out depends on their content and the seed, not on their place in the file.
 */
export function splitByPrompt(examples: readonly PreferenceExample[], fraction: number, seed: number): Split {
  const wanted = Math.round(fraction * examples.length);
  const groups = [...Map.groupBy(examples, promptHash)]
    .map(([hash, rows]) => ({ order: seededOrder(seed, hash), rows }))
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  const held = new Set<PreferenceExample>();
  for (const { rows } of groups) {
    if (held.size + rows.length > wanted) continue; // too big for what is left; a smaller group may still fit
    for (const row of rows) held.add(row);
  }
  return { train: examples.filter((row) => !held.has(row)), eval: examples.filter((row) => held.has(row)) };
}
