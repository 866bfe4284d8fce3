import { DataError } from '../errors.ts';
import { parseJson } from './parseJson.ts';
import type { RawRow } from './row.ts';

interface Element {
  readonly line: number; // 1-based line of the element's first character
  readonly text: string;
}

const isSpace = (character: string): boolean =>
  character === ' ' || character === '\n' || character === '\r' || character === '\t';

/**
 * Cuts the text of a top-level JSON array into the texts of its elements, one at a time, so that no more than one
 * row is in memory. It follows strings and brackets only; `parseJson` judges each element.
 */
class ArraySplitter {
  state: 'before' | 'inside' | 'after' = 'before';
  line = 1;
  elementLine = 0; // 0 while no element has begun
  elements = 0;
  readonly source: string;
  #pieces: string[] = [];
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(source: string) {
    this.source = source;
  }

  *feed(chunk: string): Generator<Element> {
    let start = 0; // where the unsaved part of the current element begins
    for (let index = 0; index < chunk.length; index++) {
      const character = chunk[index]!;
      const ended = this.state === 'inside' && this.#step(character);
      if (ended) {
        this.#pieces.push(chunk.slice(start, index));
        yield* this.#flush(character);
        start = index + 1;
      } else if (this.state !== 'inside') {
        this.#outside(character);
        start = index + 1;
      }
      if (character === '\n') this.line++;
    }
    if (this.state === 'inside') this.#pieces.push(chunk.slice(start));
  }

  /** Follows one character of the array; true when it ends the current element. */
  #step(character: string): boolean {
    if (this.elementLine === 0 && !isSpace(character)) this.elementLine = this.line;
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (character === '\\') this.#escaped = true;
      else if (character === '"') this.#inString = false;
      return false;
    }
    if (this.#depth === 0 && (character === ',' || character === ']')) return true;
    if (character === '"') this.#inString = true;
    else if (character === '{' || character === '[') this.#depth++;
    else if (character === '}' || character === ']') this.#depth = Math.max(0, this.#depth - 1);
    return false;
  }

  *#flush(end: string): Generator<Element> {
    const text = this.#pieces.join('');
    const emptyArray = end === ']' && this.elements === 0 && text.trim() === '';
    if (!emptyArray) {
      this.elements++;
      if (text.trim() === '') {
        const where = `${this.source}:${this.line}`;
        throw new DataError(`${where}: row ${this.elements} is missing (there is a comma too many).`);
      }
      yield { line: this.elementLine, text: text.trim() };
    }
    this.#pieces = [];
    this.elementLine = 0;
    if (end === ']') this.state = 'after';
  }

  #outside(character: string): void {
    if (isSpace(character)) return;
    if (this.state === 'before' && character === '[') {
      this.state = 'inside';
      return;
    }
    const what = this.state === 'before' ? 'an array of rows must begin with "["' : 'text follows the array of rows';
    throw new DataError(`${this.source}:${this.line}: ${what}, found ${JSON.stringify(character)}.`);
  }
}

/**
 * One JSON array of rows.
 * @throws DataError with file, line and row when the text is not such an array or ends inside it.
 */
export async function* readJsonArray(source: string, text: AsyncIterable<string>): AsyncGenerator<RawRow> {
  const splitter = new ArraySplitter(source);
  let rowNumber = 0;
  for await (const chunk of text) {
    for (const element of splitter.feed(chunk)) {
      rowNumber++;
      yield { rowNumber, line: element.line, value: parseJson(source, element.text, element.line, rowNumber) };
    }
  }
  if (splitter.state === 'after') return;
  const place = splitter.elementLine === 0 ? `after row ${rowNumber}` : `inside row ${rowNumber + 1}`;
  const began = splitter.elementLine === 0 ? '' : `, which begins at line ${splitter.elementLine}`;
  throw new DataError(
    `${source}:${splitter.line}: the file ends ${place}${began}: it looks cut off (or a quote or bracket is not closed).`,
  );
}
