import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ReferenceRow, ReferenceStore } from '@tether/core';
import { readSafetensors, writeSafetensors, type TensorEntry } from '@tether/model';

const LOGPS = 'logps';
const STATES = 'hiddenStates';

/** Precomputed reference values in one safetensors file, whose name is the hash of what they depend on. */
export class ReferenceFile implements ReferenceStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<ReadonlyMap<number, ReferenceRow> | undefined> {
    if (!(await stat(this.#path).catch(() => undefined))) return undefined; // not computed yet
    const { tensors } = await readSafetensors(this.#path);
    const rows = new Map<number, ReferenceRow>();
    for (const [name, { data }] of tensors) {
      const [kind, row] = name.split('/') as [string, string];
      if (kind !== LOGPS) continue;
      const states = tensors.get(`${STATES}/${row}`)?.data as Float32Array | undefined; // as `save` wrote it
      rows.set(Number(row), { logps: data as Float32Array, ...(states === undefined ? {} : { hiddenStates: states }) });
    }
    return rows;
  }

  async save(rows: ReadonlyMap<number, ReferenceRow>): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    const entries = [...rows].flatMap(([row, { logps, hiddenStates }]): TensorEntry[] => [
      { name: `${LOGPS}/${row}`, dtype: 'F32', shape: [logps.length], data: logps },
      ...(hiddenStates === undefined
        ? []
        : [{ name: `${STATES}/${row}`, dtype: 'F32', shape: [hiddenStates.length], data: hiddenStates } as const]),
    ]);
    await writeSafetensors(this.#path, entries, {});
  }
}
