/** One row as it stands in its file, before its form is known. */
export interface RawRow {
  readonly rowNumber: number; // 1-based
  readonly line: number; // 1-based line where the row starts
  readonly value: unknown; // the parsed JSON value
}

/** Reads rows from chunks of text. `source` names the file in messages. */
export type RowReader = (source: string, text: AsyncIterable<string>) => AsyncGenerator<RawRow>;
