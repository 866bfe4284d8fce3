import { createHash } from 'node:crypto';

/** sha256 over a tokenizer's files: equal for tokenizers that give every text the same tokens. */
export function tokenizerFingerprint(files: ReadonlyMap<string, string | Uint8Array>): string {
  const hash = createHash('sha256');
  for (const [name, content] of files) hash.update(`${name}\n${content.length}\n`).update(content);
  return hash.digest('hex');
}
