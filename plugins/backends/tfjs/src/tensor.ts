import { BackendError, type DeviceTensor, type HostTensor } from '@tether/core';
import { formatType, sizeOf, type DType, type Shape, type TensorType } from '@tether/graph';
import type { ElementType, Elements, Engine, Value } from './engines/engine.ts';

/** Element types of TensorFlow.js, and the arrays that they are uploaded from. */
const LAYOUT = {
  f32: { dtype: 'float32', arrays: ['Float32Array', 'Float64Array'], from: (data) => Float32Array.from(data) },
  i32: { dtype: 'int32', arrays: ['Int32Array'], from: (data) => Int32Array.from(data) },
  bool: { dtype: 'bool', arrays: ['Uint8Array'], from: (data) => Uint8Array.from(data) },
} as const satisfies Partial<Record<DType, ElementLayout>>;

interface ElementLayout {
  readonly dtype: ElementType;
  readonly arrays: readonly string[];
  /** Numbers in the array of this type. */
  readonly from: (data: ArrayLike<number>) => Elements;
}

const isHeld = (dtype: DType): dtype is keyof typeof LAYOUT => dtype in LAYOUT;

/** @throws BackendError for the element types that TensorFlow.js lacks */
export function layoutOf(dtype: DType): ElementLayout {
  if (isHeld(dtype)) return LAYOUT[dtype];
  throw new BackendError(`TensorFlow.js has no ${dtype}: this backend computes in f32 (set the model's dtype to f32)`);
}

/** A handle on a value of TensorFlow.js. */
export class TfjsTensor implements DeviceTensor {
  readonly backend: string;
  readonly dtype: DType;
  readonly shape: Shape;
  #value: Value | undefined;

  constructor(backend: string, { dtype, shape }: TensorType, value: Value) {
    this.backend = backend;
    this.dtype = dtype;
    this.shape = shape;
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

  /** Makes the handle dead and hands its value to the caller, who disposes of it. */
  surrender(): Value {
    const value = this.value();
    this.#value = undefined;
    return value;
  }
}

export const isOwn = (tensor: DeviceTensor): tensor is TfjsTensor => tensor instanceof TfjsTensor;

/** @throws BackendError when the elements do not fit the type */
export function fromHost(backend: string, engine: Engine, { dtype, shape, data }: HostTensor): TfjsTensor {
  const layout = layoutOf(dtype);
  const kind = data.constructor.name;
  if (!layout.arrays.includes(kind)) {
    throw new BackendError(`${dtype} is uploaded from ${layout.arrays.join(' or ')}, not ${kind}`);
  }
  if (data.length !== sizeOf(shape)) {
    throw new BackendError(`${data.length} elements are not ${formatType({ dtype, shape })}`);
  }
  engine.activate();
  const elements = data instanceof Float64Array ? layout.from(data) : (data as Elements); // by the check of `arrays`
  return new TfjsTensor(backend, { dtype, shape }, engine.upload(elements, shape, layout.dtype));
}

/** A copy of its elements. */
export function toHost(engine: Engine, tensor: TfjsTensor): HostTensor {
  engine.activate();
  const { dtype, shape } = tensor;
  return { dtype, shape, data: engine.download(tensor.value()) };
}
