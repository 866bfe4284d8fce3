/**
 * Holm's step-down correction (Holm 1979, "A simple sequentially rejective multiple test procedure"): controls the
 * chance of any false rejection in the family, whatever the dependence. Null entries (no test) stay null and do not
 * count. The k-th smallest of m becomes max over j ≤ k of min(1, (m − j + 1) · p_j).
 */
export function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const order = pValues
    .map((p, index) => ({ p, index }))
    .filter((entry): entry is { p: number; index: number } => entry.p !== null)
    .sort((left, right) => left.p - right.p);
  const corrected: (number | null)[] = pValues.map(() => null);
  let largest = 0;
  order.forEach(({ p, index }, rank) => {
    largest = Math.max(largest, Math.min(1, (order.length - rank) * p));
    corrected[index] = largest;
  });
  return corrected;
}
