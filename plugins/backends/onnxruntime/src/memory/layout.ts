import type { HostArray } from '@tether/core';
import { sizeOf, type DType, type TensorType } from '@tether/graph';

interface HostLayout {
  readonly bytes: number;
  readonly view: (buffer: ArrayBuffer) => HostArray;
}

/** How the elements of a type lie in the host's memory. */
export const HOST_LAYOUT: Readonly<Record<DType, HostLayout>> = {
  f32: { bytes: 4, view: (buffer) => new Float32Array(buffer) },
  bf16: { bytes: 2, view: (buffer) => new Uint16Array(buffer) },
  f16: { bytes: 2, view: (buffer) => new Uint16Array(buffer) },
  i32: { bytes: 4, view: (buffer) => new Int32Array(buffer) },
  bool: { bytes: 1, view: (buffer) => new Uint8Array(buffer) },
};

export const bytesOf = ({ dtype, shape }: TensorType): number => sizeOf(shape) * HOST_LAYOUT[dtype].bytes;
