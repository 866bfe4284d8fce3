import type { Backend, DeviceTensor, HostTensor } from '../contracts/index.ts';
import type { DeviceState } from './deviceState.ts';
import type { CompiledStep } from './executables.ts';

/**
 * Runs a step on the run's tensors plus values of this call, which are uploaded and released here.
 * The outputs belong to the caller. What the step consumes is no longer in `state`, also where it fails.
 */
export async function runGraph(
  backend: Backend,
  { executable, consumes }: Pick<CompiledStep, 'executable' | 'consumes'>,
  state: DeviceState,
  values: ReadonlyMap<string, HostTensor>,
): Promise<ReadonlyMap<string, DeviceTensor>> {
  const uploaded: DeviceTensor[] = [];
  try {
    const inputs = new Map<string, DeviceTensor>();
    for (const name of executable.graph.inputs.keys()) {
      const value = values.get(name);
      if (value === undefined) {
        inputs.set(name, state.get(name));
      } else {
        const tensor = await backend.upload(value);
        uploaded.push(tensor);
        inputs.set(name, tensor);
      }
    }
    for (const name of consumes) state.giveUp(name);
    return await executable.run(inputs);
  } finally {
    for (const tensor of uploaded) backend.release(tensor);
  }
}

/** Downloads one output and gives its memory back. */
export async function takeOutput(
  backend: Backend,
  outputs: ReadonlyMap<string, DeviceTensor>,
  name: string,
): Promise<HostTensor> {
  const tensor = outputs.get(name);
  if (tensor === undefined) throw new Error(`the graph has no output "${name}"`);
  const host = await backend.download(tensor);
  backend.release(tensor);
  return host;
}
