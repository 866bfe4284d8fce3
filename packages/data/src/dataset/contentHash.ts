import { createHash, hash } from 'node:crypto';
import type { EncodedRow } from '@tether/core';
import type { PreferenceExample, PromptOrCompletion } from '../formats/example.ts';

const sha256 = (text: string): string => hash('sha256', text, 'hex');

/** Key order must not matter to a hash of content. */
function canonical(part: PromptOrCompletion): unknown {
  return typeof part === 'string' ? part : part.map(({ role, content }) => [role, content]);
}

/** sha256 of an example's prompt, completions and label; its row number does not count. */
export function exampleHash({ prompt, completions, label }: PreferenceExample): string {
  const judged = label === undefined ? [] : [label];
  return sha256(JSON.stringify([canonical(prompt), completions.map(canonical), ...judged]));
}

/** Rows with the same prompt are held out together; a row without a prompt stands for itself. */
export function promptHash(example: PreferenceExample): string {
  return example.prompt.length === 0 ? exampleHash(example) : sha256(JSON.stringify(canonical(example.prompt)));
}

/** sha256 over the hashes of all examples in order: equal for equal content, whatever the file's format. */
export class ContentHash {
  readonly #hash = createHash('sha256');

  add(hashOfExample: string): void {
    this.#hash.update(hashOfExample);
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** sha256 over token ids in order: what a cache of per-row results (reference log-probs) depends on. */
export class TokenHash {
  readonly #hash = createHash('sha256');

  add({ prompt, completions }: EncodedRow): void {
    for (const part of [prompt, ...completions]) {
      this.#hash.update(Int32Array.of(part.length));
      this.#hash.update(part);
    }
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** A number-like order of prompts that depends on the seed: least hashes first. */
export function seededOrder(seed: number, hash: string): string {
  return sha256(`${seed}:${hash}`);
}
