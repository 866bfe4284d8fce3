import { checkHostTensor, LiveTensors, TensorHandle, type HostTensor } from '@tether/core';
import { bfloat16Bits, bfloat16FromBits, float16Bits, float16FromBits, type Value } from '@tether/graph';

/** A handle on a value. Values are never written to, so that handles may share elements. */
export class ReferenceTensor extends TensorHandle<Value> {}

export type TensorStore = LiveTensors<Value, ReferenceTensor>;

/** Values are left to the garbage collector. */
export const createStore = (backend: string): TensorStore => new LiveTensors(backend, ReferenceTensor, () => undefined);

/** @throws BackendError when the elements do not fit the type */
export function fromHost(tensor: HostTensor): Value {
  checkHostTensor(tensor);
  const { dtype, shape, data } = tensor;
  if (dtype === 'bf16') return { dtype, shape, data: Float64Array.from(data, bfloat16FromBits) };
  if (dtype === 'f16') return { dtype, shape, data: Float64Array.from(data, float16FromBits) };
  return { dtype, shape, data: Float64Array.from(data) };
}

export function toHost({ dtype, shape, data }: Value): HostTensor {
  if (dtype === 'bf16') return { dtype, shape, data: Uint16Array.from(data, bfloat16Bits) };
  if (dtype === 'f16') return { dtype, shape, data: Uint16Array.from(data, float16Bits) };
  if (dtype === 'i32') return { dtype, shape, data: Int32Array.from(data) };
  if (dtype === 'bool') return { dtype, shape, data: Uint8Array.from(data) };
  return { dtype, shape, data: data.slice() };
}
