import { z } from 'zod';

/** Building blocks of the schemas that read a `config.json`. */

/** Notes a problem with the field at a path. */
export type Report = (path: readonly PropertyKey[], message: string) => void;

/** Notes problems in the context of a zod transform. */
export const reportTo =
  (context: z.RefinementCtx): Report =>
  (path, message) =>
    context.addIssue({ code: 'custom', path: [...path], message });

export const positiveInteger = z.number().int().positive();
export const positiveNumber = z.number().positive();
const tokenId = z.number().int().nonnegative();

/** A field that may be absent or null, both meaning the default. */
export function withDefault<T extends z.ZodType>(schema: T, value: z.output<T>): z.ZodType<z.output<T>> {
  return schema.nullish().transform((given) => given ?? value);
}

/** A field of which only these values are supported; the message names the value found and the values supported. */
export function supported<const V extends string | number | boolean>(...values: [V, ...V[]]): z.ZodType<V> {
  return z.custom<V>((given) => (values as readonly unknown[]).includes(given), {
    error: ({ input }) => {
      const list = `(supported: ${values.map((value) => JSON.stringify(value)).join(', ')})`;
      return input === undefined ? `is missing ${list}` : `${JSON.stringify(input)} is not supported ${list}`;
    },
  });
}

/** A field that must be absent or null because what it asks for is not implemented. */
export const unsupported = (feature: string): z.ZodType<null | undefined> =>
  z.null({ error: `${feature} is not supported` }).optional();

/** A single special token's id, absent meaning the architecture's default and null none. */
export const tokenIdOr = (fallback: number | undefined): z.ZodType<number | undefined> =>
  tokenId
    .nullable()
    .optional()
    .transform((id) => (id === undefined ? fallback : (id ?? undefined)));

/** A padding token's id; negative ids of old checkpoints mean none. */
export const paddingIdOr = (fallback: number | undefined): z.ZodType<number | undefined> =>
  z
    .number()
    .int()
    .nullable()
    .optional()
    .transform((id) => (id === undefined ? fallback : id === null || id < 0 ? undefined : id));

/** A window's size, absent meaning the architecture's default and null none. */
export const windowOr = (fallback: number | undefined): z.ZodType<number | undefined> =>
  positiveInteger
    .nullable()
    .optional()
    .transform((window) => (window === undefined ? fallback : (window ?? undefined)));

/** End tokens (one id or a list), absent meaning the architecture's default and null none. */
export const tokenIdListOr = (...fallback: number[]): z.ZodType<readonly number[]> =>
  z
    .union([tokenId, z.array(tokenId)])
    .nullable()
    .optional()
    .transform((ids) => (ids === undefined ? fallback : ids === null ? [] : typeof ids === 'number' ? [ids] : ids));

/** Each issue of a failed parse as `path: message`. */
export function problemsOf(error: z.ZodError): string[] {
  return error.issues.map(({ path, message }) => {
    const text = message.replace(/^Invalid input: (expected \w+), received undefined$/, 'is missing ($1)');
    return path.length > 0 ? `${path.join('.')}: ${text}` : text;
  });
}

/** End tokens as config.json holds them: one id, a list, or null. */
export const eosJson = (ids: readonly number[]): number | readonly number[] | null =>
  ids.length > 1 ? ids : (ids[0] ?? null);
