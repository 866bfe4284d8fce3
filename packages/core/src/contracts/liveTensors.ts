import type { TensorType } from '@tether/graph';
import { BackendError, type DeviceTensor } from './backend.ts';
import type { TensorHandle } from './tensorHandle.ts';

/** The live tensors of one backend: makes handles, and frees what those hold that are dead. */
export class LiveTensors<Content, Own extends TensorHandle<Content>> implements Iterable<Own> {
  readonly #backend: string;
  readonly #Handle: new (backend: string, type: TensorType, content: Content) => Own;
  readonly #free: (content: Content) => void;
  readonly #alive = new Set<Own>();

  /**
   * @param Handle  the backend's own class of tensors, which tells them from those of other backends
   * @param free    gives back what a released tensor held
   */
  constructor(
    backend: string,
    Handle: new (backend: string, type: TensorType, content: Content) => Own,
    free: (content: Content) => void,
  ) {
    this.#backend = backend;
    this.#Handle = Handle;
    this.#free = free;
  }

  /** A handle on content that the caller has made. */
  adopt(type: TensorType, content: Content): Own {
    const tensor = new this.#Handle(this.#backend, type, content);
    this.#alive.add(tensor);
    return tensor;
  }

  /**
   * Makes the handle dead; its content is the caller's to free.
   *
   * @throws BackendError when the handle is dead already
   */
  surrender(tensor: Own): Content {
    const content = tensor.surrender();
    this.#alive.delete(tensor);
    return content;
  }

  /** @throws BackendError when the handle is dead already */
  release(tensor: Own): void {
    this.#free(this.surrender(tensor));
  }

  releaseAll(): void {
    for (const tensor of this.#alive) this.release(tensor);
  }

  readonly isOwn = (tensor: DeviceTensor): tensor is Own => tensor instanceof this.#Handle;

  /** @throws BackendError for a tensor of another backend */
  own(tensor: DeviceTensor): Own {
    if (this.isOwn(tensor)) return tensor;
    throw new BackendError(`backend ${this.#backend} cannot read a tensor of backend ${tensor.backend}`);
  }

  [Symbol.iterator](): Iterator<Own> {
    return this.#alive.values();
  }
}
