const SMALLEST = 16;

/** Sizes 16, 24, 32, 48, 64, 96, …: the smallest that holds `length`, beyond 16 at most half again as long. */
export function bucketOf(length: number): number {
  for (let size = SMALLEST; ; size *= 2) {
    if (length <= size) return size;
    if (length <= 1.5 * size) return 1.5 * size;
  }
}

/** Rows of a batch: a power of two, at most `most`. */
export function rowsOf(count: number, most: number): number {
  let rows = 1;
  while (rows < count) rows *= 2;
  return Math.min(rows, most);
}

/** Indices of `prompts` in groups of at most `most` of similar length, so that little is padded. */
export function groupByLength(prompts: readonly { readonly length: number }[], most: number): number[][] {
  const order = [...prompts.keys()].sort((a, b) => prompts[a]!.length - prompts[b]!.length || a - b);
  return Array.from({ length: Math.ceil(order.length / most) }, (_, group) =>
    order.slice(group * most, (group + 1) * most),
  );
}
