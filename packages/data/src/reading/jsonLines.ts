import { DataError } from '../errors.ts';
import { parseJson } from './parseJson.ts';
import type { RawRow } from './row.ts';

interface Line {
  readonly number: number; // 1-based
  readonly text: string;
  readonly ended: boolean; // false for a last line without a newline
}

/**
 * Splits at "\n" only: JSON strings may hold U+2028 and U+2029 unescaped, where other line readers split too.
 */
async function* splitLines(text: AsyncIterable<string>): AsyncGenerator<Line> {
  let number = 1;
  let pieces: string[] = [];
  for await (const chunk of text) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      pieces.push(chunk.slice(start, end));
      yield { number: number++, text: pieces.join(''), ended: true };
      pieces = [];
      start = end + 1;
    }
    pieces.push(chunk.slice(start));
  }
  const rest = pieces.join('');
  if (rest !== '') yield { number, text: rest, ended: false };
}

function parseLine(source: string, line: Line, rowNumber: number): unknown {
  try {
    return parseJson(source, line.text, line.number, rowNumber);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const advice = line.ended
      ? ' Each line must hold one whole row (a .json file may also be one array of rows).'
      : ' The last line has no end: the file looks cut off. Fetch it again, or delete that line.';
    throw new DataError(error.message + advice, { rowNumbers: error.rowNumbers, cause: error.cause });
  }
}

/**
 * One JSON row per line; blank lines are skipped.
 * @throws DataError with file and line at the first line that is not JSON.
 */
export async function* readJsonLines(source: string, text: AsyncIterable<string>): AsyncGenerator<RawRow> {
  let rowNumber = 0;
  for await (const line of splitLines(text)) {
    if (line.text.trim() === '') continue;
    rowNumber++;
    yield { rowNumber, line: line.number, value: parseLine(source, line, rowNumber) };
  }
}
