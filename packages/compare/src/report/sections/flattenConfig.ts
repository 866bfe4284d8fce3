/** `{ objective: { beta: 0.1 } }` to `objective.beta → 0.1`: one line per leaf. Empty lists and objects are leaves too. */
export function flattenConfig(config: unknown, path = ''): Map<string, string> {
  const entries = Array.isArray(config)
    ? config.map((item, index) => [`${path}[${index}]`, item] as const)
    : isRecord(config)
      ? Object.entries(config).map(([key, value]) => [path === '' ? key : `${path}.${key}`, value] as const)
      : [];
  if (entries.length === 0) return path === '' ? new Map() : new Map([[path, leaf(config)]]);
  return new Map(entries.flatMap(([inner, value]) => [...flattenConfig(value, inner)]));
}

function leaf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
