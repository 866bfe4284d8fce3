import type { HostTensor } from '@tether/core';
import { saveCheckpoint } from '@tether/model';
import type { PreparedModel } from './preparedModel.ts';

/** Saves weights as a Hugging Face folder like the one the model came from. Throws CheckpointError. */
export async function saveModel(
  folder: string,
  prepared: PreparedModel,
  weights: ReadonlyMap<string, HostTensor>,
): Promise<void> {
  await saveCheckpoint(folder, {
    config: prepared.configJson,
    generationConfig: prepared.generationJson,
    tensors: [...weights].map(([name, { shape, data }]) => ({ name, shape, data: asFloat32(data) })),
    files: prepared.tokenizerFiles,
    overwrite: true,
  });
}

const asFloat32 = (data: HostTensor['data']): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data);
