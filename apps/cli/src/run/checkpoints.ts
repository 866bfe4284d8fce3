import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hostTensor, type HostTensor } from '@tether/core';
import { readSafetensors, writeSafetensors, type TensorEntry } from '@tether/model';
import { z } from 'zod';
import { readJson, writeJson } from './runFolder.ts';

const STATE = 'state.safetensors';
const INFO = 'checkpoint.json';
const PARTIAL = '.partial';

const infoSchema = z.object({
  completedSteps: z.number().int().min(0),
  /** Hash of everything that the numbers depend on; a resumed run must have the same. */
  fingerprint: z.string(),
});
export type CheckpointInfo = z.infer<typeof infoSchema>;

export interface TrainingCheckpoint extends CheckpointInfo {
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

const folderOf = (step: number): string => `step-${String(step).padStart(8, '0')}`;

const stepOf = (name: string): number => Number(name.slice('step-'.length));

/** Training checkpoints of a run folder: policy, moments, opponents and their state, complete or absent. */
export class CheckpointStore {
  readonly #folder: string;
  readonly #keep: number;

  constructor(folder: string, keep: number) {
    this.#folder = folder;
    this.#keep = keep;
  }

  /** Writes a checkpoint under a temporary name, renames it, then removes those beyond the limit. */
  async save(info: CheckpointInfo, tensors: ReadonlyMap<string, HostTensor>): Promise<void> {
    const target = join(this.#folder, folderOf(info.completedSteps));
    const temporary = `${target}${PARTIAL}`;
    await this.#clean();
    await mkdir(temporary, { recursive: true });
    try {
      await writeSafetensors(join(temporary, STATE), [...tensors].map(entryOf), {
        completedSteps: String(info.completedSteps),
      });
      await writeJson(join(temporary, INFO), info);
      await rm(target, { recursive: true, force: true });
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
    for (const name of (await this.#names()).slice(0, -this.#keep))
      await rm(join(this.#folder, name), { recursive: true });
  }

  async #names(): Promise<string[]> {
    return (await this.#entries()).filter((name) => /^step-\d{8}$/.test(name)).sort();
  }

  #entries(): Promise<string[]> {
    return readdir(this.#folder).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // no folder yet: no checkpoint
      throw error;
    });
  }

  /** Removes what a killed run was writing. */
  async #clean(): Promise<void> {
    for (const name of await this.#entries()) {
      if (name.endsWith(PARTIAL)) await rm(join(this.#folder, name), { recursive: true });
    }
  }

  /** Steps that are done at the newest checkpoint, or undefined. */
  async latestSteps(): Promise<number | undefined> {
    const name = (await this.#names()).at(-1);
    return name === undefined ? undefined : stepOf(name);
  }

  /** Copies a checkpoint into another folder of checkpoints: complete or absent. */
  async copy(completedSteps: number, folder: string): Promise<void> {
    const name = folderOf(completedSteps);
    const temporary = join(folder, `${name}${PARTIAL}`);
    await cp(join(this.#folder, name), temporary, { recursive: true });
    await rename(temporary, join(folder, name));
  }

  /** The newest checkpoint, or undefined. */
  async latest(): Promise<TrainingCheckpoint | undefined> {
    const name = (await this.#names()).at(-1);
    if (name === undefined) return undefined;
    const folder = join(this.#folder, name);
    const info = infoSchema.parse(await readJson(join(folder, INFO)));
    const { tensors } = await readSafetensors(join(folder, STATE));
    return {
      ...info,
      tensors: new Map(
        [...tensors].map(([tensor, { shape, data }]) => [
          tensor,
          hostTensor('f32', shape, data as Float32Array | Float64Array), // as `entryOf` wrote it
        ]),
      ),
    };
  }
}

/** Float64 stays float64 (reference backend), so that resuming loses no bit. */
function entryOf([name, { shape, data }]: [string, HostTensor]): TensorEntry {
  if (data instanceof Float64Array) return { name, dtype: 'F64', shape, data };
  if (data instanceof Float32Array) return { name, dtype: 'F32', shape, data };
  throw new Error(`the run's tensor "${name}" is neither float32 nor float64`);
}
