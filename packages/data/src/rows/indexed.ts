import type { EncodedRow } from '@tether/core';

/** Items by their place: an array, or rows that are read from a file when asked for. */
export interface Indexed<Item> {
  readonly length: number;
  at(index: number): Item | undefined;
}

/** A row by the lengths of its parts alone. Every EncodedRow is one. */
export interface SizedRow {
  readonly rowNumber: number;
  readonly prompt: { readonly length: number };
  readonly completions: readonly { readonly length: number }[];
}

/** Rows in memory or in a file. Their lengths are known without reading them. */
export interface EncodedRows extends Indexed<EncodedRow> {
  readonly sizes: Indexed<SizedRow>;
}

export function* each<Item>(items: Indexed<Item>): Generator<Item> {
  for (let index = 0; index < items.length; index++) yield items.at(index)!;
}

/** First the one, then the other, as if they were one list. */
export const joined = <Item>(first: Indexed<Item>, second: Indexed<Item>): Indexed<Item> => ({
  length: first.length + second.length,
  at: (index) => (index < first.length ? first.at(index) : second.at(index - first.length)),
});
