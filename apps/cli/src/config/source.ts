/** What a config file says, before defaults. */
export type Source = Readonly<Record<string, unknown>>;

/** An object as it is; anything else as an empty one. */
export const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** An object without one of its keys. */
export const without = (record: Source, key: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
