import { DataError } from '../errors.ts';

/** Lines from the start of the text to the fault, where V8 says "… at position 17 …"; it does so for most faults. */
function lineOffset(text: string, error: unknown): number {
  const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined ? 0 : text.slice(0, Number(position)).split('\n').length - 1;
}

/** V8's message without its quotation of the text and its own position. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ in JSON at position.*$/s, '').replace(/, (\.{3})?".*is not valid JSON$/s, '');
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
