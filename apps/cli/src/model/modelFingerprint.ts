import { createHash } from 'node:crypto';
import type { PreparedModel } from './preparedModel.ts';

type Fingerprinted = Pick<PreparedModel, 'configJson' | 'adapter' | 'weights' | 'referenceWeights'>;

/** Hash of everything in a model that its numbers depend on: its config, its adapter's, and every weight's bits. */
export function modelFingerprint({ configJson, adapter, weights, referenceWeights }: Fingerprinted): string {
  const hash = createHash('sha256').update(JSON.stringify([configJson, adapter?.config ?? null]));
  for (const tensors of [weights, referenceWeights ?? new Map<string, never>()]) {
    hash.update(`\n${tensors.size} tensors`);
    for (const [name, { buffer, byteOffset, byteLength }] of tensors) {
      hash.update(`\n${JSON.stringify(name)} ${byteLength}\n`).update(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  return hash.digest('hex');
}
