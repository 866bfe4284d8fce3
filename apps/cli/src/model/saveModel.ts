import { resolve } from 'node:path';
import type { HostTensor } from '@tether/core';
import { saveAdapter, saveCheckpoint } from '@tether/model';
import type { PreparedModel } from './preparedModel.ts';

/**
 * Saves weights as a Hugging Face folder like the one the model came from; of a model with adapters only those, as a
 * folder that PEFT loads. Throws CheckpointError.
 */
export async function saveModel(
  folder: string,
  prepared: PreparedModel,
  weights: ReadonlyMap<string, HostTensor>,
): Promise<void> {
  if (prepared.adapter !== undefined) {
    const { config, base, baseParameters } = prepared.adapter;
    await saveAdapter(folder, {
      config,
      base: resolve(base),
      parameters: baseParameters,
      weights: new Map([...weights].map(([name, { data }]) => [name, asFloat32(data)])),
      files: prepared.tokenizerFiles,
      overwrite: true,
    });
    return;
  }
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
