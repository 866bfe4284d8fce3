/** `{ objective: { beta: 0.1 } }` to `objective.beta → 0.1`: one line per leaf. Empty lists and objects are leaves too. */
export function flattenConfig(config: unknown, path = ''): Map<string, string> {
  const entries = children(config, path);
  if (entries.length === 0) return new Map(path === '' ? [] : [[path, leaf(config)]]);
  return new Map(entries.flatMap(([inner, value]) => [...flattenConfig(value, inner)]));
}

function children(config: unknown, path: string): [string, unknown][] {
  if (Array.isArray(config)) return config.map((item: unknown, index) => [`${path}[${index}]`, item]);
  if (typeof config !== 'object' || config === null) return [];
  return Object.entries(config).map(([key, value]: [string, unknown]) => [path === '' ? key : `${path}.${key}`, value]);
}

function leaf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
