import { hostTensor, type Backend, type DeviceTensor, type HostArray, type ParameterSpec } from '@tether/core';

/**
 * Every parameter on the device, by name. `weights`, which must have them all, is emptied: the device has them then.
 *
 * @throws BackendError where they do not fit into memory
 */
export async function uploadWeights(
  backend: Backend,
  parameters: readonly ParameterSpec[],
  weights: Map<string, HostArray>,
): Promise<Map<string, DeviceTensor>> {
  const uploaded = new Map<string, DeviceTensor>();
  for (const { name, shape } of parameters) {
    uploaded.set(name, await backend.upload(hostTensor('f32', shape, weights.get(name)!)));
  }
  weights.clear();
  return uploaded;
}
