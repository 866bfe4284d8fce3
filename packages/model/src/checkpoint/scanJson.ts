/** What a quick look at JSON text finds that `JSON.parse` hides or could choke on. */
export interface JsonScan {
  /** The deepest nesting of objects and arrays. */
  readonly depth: number;
  /** Keys of the outermost object that occur more than once; `JSON.parse` would keep the last silently. */
  readonly duplicateKeys: readonly string[];
}

/** Scans JSON text in one pass without recursion. The text need not be valid: `JSON.parse` judges that afterwards. */
export function scanJson(text: string): JsonScan {
  let depth = 0;
  let deepest = 0;
  const seen = new Set<string>();
  const duplicates = new Set<string>();
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth--;
    else if (character === '"') {
      const end = endOfString(text, i);
      if (depth === 1 && isKey(text, end)) {
        const key = unquote(text.slice(i, end));
        (seen.has(key) ? duplicates : seen).add(key);
      }
      i = end - 1;
    }
  }
  return { depth: deepest, duplicateKeys: [...duplicates] };
}

/** Index after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

function isKey(text: string, end: number): boolean {
  let i = end;
  while (i < text.length && ' \t\n\r'.includes(text[i]!)) i++;
  return text[i] === ':';
}

/** The string that a quoted key stands for: `"a"` and `"\u0061"` are the same key. */
function unquote(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted; // not valid JSON: the parse of the whole text reports it
  }
}

/**
 * The entries of a JSON object that maps strings to strings, undefined for anything else. Unlike zod's records, it keeps a key
 * named "__proto__": names in a checkpoint are arbitrary.
 */
export function stringEntries(json: unknown): Map<string, string> | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  const entries = Object.entries(json as Record<string, unknown>);
  const isText = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === 'string';
  return entries.every(isText) ? new Map(entries) : undefined;
}
