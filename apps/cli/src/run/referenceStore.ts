import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { PlannedReferenceRow, ReferenceRow, ReferenceRows, ReferenceStore } from '@tether/core';
import { openSafetensors, writeSafetensors, type SafetensorsFile, type TensorEntry } from '@tether/model';

const LOGPS = 'logps';
const STATES = 'hiddenStates';

/** A tensor of the file, where it has one of that name. */
const tensorOf = (file: SafetensorsFile, name: string): Promise<Float32Array> | undefined =>
  file.tensors.has(name) ? file.readFloat32(name) : undefined;

async function readRow(file: SafetensorsFile, row: number): Promise<ReferenceRow | undefined> {
  const [logps, hiddenStates] = await Promise.all([
    tensorOf(file, `${LOGPS}/${row}`),
    tensorOf(file, `${STATES}/${row}`),
  ]);
  return logps && { logps, ...(hiddenStates === undefined ? {} : { hiddenStates }) };
}

/** The tensors of a row, which is computed when its first one is written. */
function entriesOf({ rowNumber, logps, hiddenStates, compute }: PlannedReferenceRow): TensorEntry[] {
  const entry = (kind: string, size: number, data: () => Promise<Float32Array>): TensorEntry => ({
    name: `${kind}/${rowNumber}`,
    dtype: 'F32',
    shape: [size],
    data,
  });
  const entries = [entry(LOGPS, logps, async () => (await compute()).logps)];
  if (hiddenStates !== undefined) {
    entries.push(entry(STATES, hiddenStates, async () => (await compute()).hiddenStates ?? new Float32Array(0)));
  }
  return entries;
}

/**
 * Precomputed reference values in one safetensors file, whose name is the hash of what they depend on. Neither writing nor
 * reading holds more than a batch of rows in memory.
 */
export class ReferenceFile implements ReferenceStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async open(): Promise<ReferenceRows | undefined> {
    if (!(await stat(this.#path).catch(() => undefined))) return undefined; // not computed yet
    const file = await openSafetensors(this.#path);
    return { read: (row) => readRow(file, row), close: () => file.close() };
  }

  async save(rows: readonly PlannedReferenceRow[]): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    await writeSafetensors(this.#path, rows.flatMap(entriesOf), {});
  }
}
