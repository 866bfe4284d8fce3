/**
 * JSON whose whole floats stay floats: `30.0` is a number like `30` in JavaScript, but not in Python, where transformers
 * refuses a config whose float has become an integer.
 */

/** The text of numbers that were written as floats though whole, by the object that holds them and their key. */
const floats = new WeakMap<object, Map<string, string>>();

function mark(holder: object, key: string, text: string): void {
  const own = floats.get(holder) ?? new Map<string, string>();
  floats.set(holder, own.set(key, text));
}

/** TypeScript's library does not declare what ECMAScript 2026 adds: the source text of values, in both directions. */
type SourceReviver = (this: object, key: string, value: unknown, context: { source?: string }) => unknown;
const { parse, rawJSON } = JSON as unknown as {
  parse(text: string, reviver: SourceReviver): unknown;
  rawJSON(text: string): unknown;
};

/** `JSON.parse` that remembers which whole numbers were floats. Throws SyntaxError. */
export const parseJson = (text: string): unknown =>
  parse(text, function (key, value, { source }) {
    if (typeof value === 'number' && Number.isInteger(value) && source !== undefined && /[.eE]/.test(source)) {
      mark(this, key, source);
    }
    return value;
  });

/** Says that these fields are floats, whatever their value. Returns the object. */
export function markFloats<T extends Readonly<Record<string, unknown>>>(object: T, fields: readonly string[]): T {
  for (const field of fields) {
    const value = object[field];
    if (typeof value === 'number' && Number.isInteger(value)) mark(object, field, `${value}.0`);
  }
  return object;
}

/** A copy with some fields replaced, whose other fields stay the floats they were. */
export function replaceFields<T extends object>(object: T, fields: Readonly<Record<string, unknown>>): T {
  const copy = { ...object, ...fields };
  for (const [key, text] of floats.get(object) ?? []) mark(copy, key, text);
  return copy;
}

/** Indented JSON text with a line end. Floats of `parseJson` and `markFloats` are written as such while their value is the same. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(
    value,
    function (this: object, key: string, field: unknown) {
      const float = floats.get(this)?.get(key);
      return float !== undefined && Number(float) === field ? rawJSON(float) : field;
    },
    2,
  );
  return `${text}\n`;
}
