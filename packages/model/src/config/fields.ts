import { z } from 'zod';

/** Building blocks of the schemas that read a `config.json`. */

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

/** A single special token's id, null or absent where the model has none. */
export const optionalTokenId = tokenId.nullish().transform((id) => id ?? undefined);

/** End tokens: one id, a list of ids, null or absent. */
export const tokenIdList = z
  .union([tokenId, z.array(tokenId)])
  .nullish()
  .transform((ids): readonly number[] =>
    ids === null || ids === undefined ? [] : typeof ids === 'number' ? [ids] : ids,
  );

/** Each issue of a failed parse as `path: message`. */
export function problemsOf(error: z.ZodError): string[] {
  return error.issues.map(({ path, message }) => {
    const text = message.replace(/^Invalid input: (expected \w+), received undefined$/, 'is missing ($1)');
    return path.length > 0 ? `${path.join('.')}: ${text}` : text;
  });
}
