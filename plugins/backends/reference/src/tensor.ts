import { BackendError, type DeviceTensor, type HostArray, type HostTensor, type MortalTensor } from '@tether/core';
import {
  bfloat16Bits,
  bfloat16FromBits,
  float16Bits,
  float16FromBits,
  formatType,
  sizeOf,
  type DType,
  type Shape,
  type Value,
} from '@tether/graph';

/** A handle on a value. Values are never written to, so that handles may share elements. */
export class ReferenceTensor implements MortalTensor {
  readonly backend: string;
  readonly dtype: DType;
  readonly shape: Shape;
  #value: Value | undefined;

  constructor(backend: string, value: Value) {
    this.backend = backend;
    this.dtype = value.dtype;
    this.shape = value.shape;
    this.#value = value;
  }

  get isAlive(): boolean {
    return this.#value !== undefined;
  }

  /** @throws BackendError when the handle is dead */
  value(): Value {
    if (this.#value !== undefined) return this.#value;
    throw new BackendError(`this ${formatType(this)} tensor was released or given up to an in-place run`);
  }

  release(): void {
    this.#value = undefined;
  }
}

export const isOwn = (tensor: DeviceTensor): tensor is ReferenceTensor => tensor instanceof ReferenceTensor;

type ArrayKind = 'Float32Array' | 'Float64Array' | 'Int32Array' | 'Uint8Array' | 'Uint16Array';

/** Array types that hold each element type on the host; see `HostArray`. */
const HOST_ARRAYS: Readonly<Record<DType, readonly ArrayKind[]>> = {
  f32: ['Float32Array', 'Float64Array'],
  bf16: ['Uint16Array'],
  f16: ['Uint16Array'],
  i32: ['Int32Array'],
  bool: ['Uint8Array'],
};

const kindOf = (data: HostArray): string => data.constructor.name;

/** @throws BackendError when the elements do not fit the type */
export function fromHost({ dtype, shape, data }: HostTensor): Value {
  const kinds = HOST_ARRAYS[dtype];
  if (!kinds.some((kind) => kind === kindOf(data))) {
    throw new BackendError(`${dtype} is uploaded from ${kinds.join(' or ')}, not ${kindOf(data)}`);
  }
  if (data.length !== sizeOf(shape)) {
    throw new BackendError(`${data.length} elements are not ${formatType({ dtype, shape })}`);
  }
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
