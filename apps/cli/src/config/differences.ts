/** An option that two configs have different values of; undefined where a config does not have it. */
export interface Difference {
  /** For example `training.learning_rate`. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** What differs between two JSON values, each as deep as both have options there. The order of keys is no difference. */
export function differences(before: unknown, after: unknown, path = ''): Difference[] {
  if (isObject(before) && isObject(after) && Array.isArray(before) === Array.isArray(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(before[key], after[key], path === '' ? key : `${path}.${key}`));
  }
  return before === after ? [] : [{ path, before, after }];
}

const told = (value: unknown): string => (value === undefined ? 'not there' : JSON.stringify(value));

/** One line for each difference, at most `limit`, and the number of the others. */
export function differenceLines(found: readonly Difference[], limit: number): string[] {
  const lines = found
    .slice(0, limit)
    .map(({ path, before, after }) => `${path}: was ${told(before)}, is ${told(after)}`);
  return found.length <= limit ? lines : [...lines, `and ${found.length - limit} more`];
}
