import { DataError } from '../errors.ts';

function lineOffset(text: string, error: unknown): number {
  // V8 says "… at position 17 …"; without a position the fault lies at the row's start or end.
  const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined ? 0 : text.slice(0, Number(position)).split('\n').length - 1;
}

function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ in JSON at position.*$/s, '').replace(/, "?\.{3}.*$/s, '');
}

/**
 * Parses the text of one row.
 * @throws DataError with file, line and row when it is not JSON.
 */
export function parseJson(source: string, text: string, line: number, rowNumber: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const at = line + lineOffset(text, error);
    throw new DataError(`${source}:${at}: row ${rowNumber} is not valid JSON: ${reason(error)}.`, {
      rowNumbers: [rowNumber],
      cause: error,
    });
  }
}
