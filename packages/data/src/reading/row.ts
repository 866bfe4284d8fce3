/** One row as it stands in its file, before its form is known. */
export interface RawRow {
  readonly rowNumber: number; // 1-based
  readonly line?: number; // 1-based line where the row starts; columnar files have none
  readonly value: unknown; // the parsed value: an object with columns, if the row is good
}

/** Reads rows from chunks of text. `source` names the file in messages. */
export type RowReader = (source: string, text: AsyncIterable<string>) => AsyncGenerator<RawRow>;
