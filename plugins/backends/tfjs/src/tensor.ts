import { BackendError, checkHostTensor, LiveTensors, TensorHandle, type HostTensor } from '@tether/core';
import type { DType } from '@tether/graph';
import type { ElementType, Elements, Engine, Value } from './engines/engine.ts';

/** Element types of TensorFlow.js. */
const LAYOUT = {
  f32: { dtype: 'float32', from: (data) => Float32Array.from(data) },
  i32: { dtype: 'int32', from: (data) => Int32Array.from(data) },
  bool: { dtype: 'bool', from: (data) => Uint8Array.from(data) },
} as const satisfies Partial<Record<DType, ElementLayout>>;

interface ElementLayout {
  readonly dtype: ElementType;
  /** Numbers in the array of this type. */
  readonly from: (data: ArrayLike<number>) => Elements;
}

const isHeld = (dtype: DType): dtype is keyof typeof LAYOUT => dtype in LAYOUT;

/** @throws BackendError for the element types that TensorFlow.js lacks */
export function layoutOf(dtype: DType): ElementLayout {
  if (isHeld(dtype)) return LAYOUT[dtype];
  throw new BackendError(`TensorFlow.js has no ${dtype}: this backend computes in f32, i32 and bool alone`);
}

/** A handle on a value of TensorFlow.js. */
export class TfjsTensor extends TensorHandle<Value> {}

/** Makes and frees the tensors of one backend. Others of the process may be on the same engine. */
export class TensorStore extends LiveTensors<Value, TfjsTensor> {
  readonly #engine: Engine;

  constructor(backend: string, engine: Engine) {
    super(backend, TfjsTensor, (value) => value.dispose());
    this.#engine = engine;
  }

  /** @throws BackendError when the elements do not fit the type */
  fromHost(tensor: HostTensor): TfjsTensor {
    const layout = layoutOf(tensor.dtype);
    checkHostTensor(tensor);
    const { data, shape } = tensor;
    this.#engine.activate();
    const elements = data instanceof Float64Array ? layout.from(data) : (data as Elements); // by the check
    return this.adopt(tensor, this.#engine.upload(elements, shape, layout.dtype));
  }

  /** A copy of its elements. */
  toHost(tensor: TfjsTensor): HostTensor {
    this.#engine.activate();
    const { dtype, shape } = tensor;
    return { dtype, shape, data: this.#engine.download(tensor.content()) };
  }
}
