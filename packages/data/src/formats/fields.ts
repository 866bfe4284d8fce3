import { BadRow } from '../errors.ts';
import type { Message, PromptOrCompletion } from './example.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True when the column is there and holds something. */
export function has(row: Fields, column: string): boolean {
  return row[column] !== undefined && row[column] !== null;
}

export function required(row: Fields, column: string): unknown {
  if (!(column in row)) throw new BadRow(`no "${column}" column`);
  if (!has(row, column)) throw new BadRow(`"${column}" is null`);
  return row[column];
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : isFields(value) ? 'an object' : `a ${typeof value}`;
}

export function requiredText(row: Fields, column: string): string {
  const value = required(row, column);
  if (typeof value !== 'string') throw new BadRow(`"${column}" must be text, found ${kindOf(value)}`);
  return value;
}

export function optionalText(row: Fields, column: string): string {
  return has(row, column) ? requiredText(row, column) : '';
}

/** `[{role, content}, …]` */
export function asMessages(value: unknown, column: string): Message[] {
  if (!Array.isArray(value)) throw new BadRow(`"${column}" must be a list of messages, found ${kindOf(value)}`);
  if (value.length === 0) throw new BadRow(`"${column}" has no messages`);
  return value.map((message: unknown, index) => {
    if (!isFields(message))
      throw new BadRow(`message ${index + 1} of "${column}" must be an object, found ${kindOf(message)}`);
    const { role, content } = message;
    if (typeof role !== 'string' || role === '') throw new BadRow(`message ${index + 1} of "${column}" has no role`);
    if (typeof content !== 'string') throw new BadRow(`message ${index + 1} of "${column}" has no text content`);
    return { role, content };
  });
}

/** Text or a list of messages, as TRL's columns may hold. */
export function requiredTextOrMessages(row: Fields, column: string): PromptOrCompletion {
  const value = required(row, column);
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return asMessages(value, column);
  throw new BadRow(`"${column}" must be text or a list of messages, found ${kindOf(value)}`);
}
