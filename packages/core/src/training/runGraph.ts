import type { Backend, DeviceTensor, Executable, HostTensor } from '../contracts/index.ts';
import type { DeviceState } from './deviceState.ts';

/**
 * Runs an executable on the run's tensors plus values of this call, which are uploaded and released here.
 * The outputs belong to the caller.
 */
export async function runGraph(
  backend: Backend,
  executable: Executable,
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
