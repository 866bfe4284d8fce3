import { formatType, type DType, type Shape, type TensorType } from '@tether/graph';
import { BackendError } from './backend.ts';
import type { MortalTensor } from './signature.ts';

/** A backend's own tensor, with whatever holds its elements there. Dead once that was surrendered. */
export class TensorHandle<Content> implements MortalTensor {
  readonly backend: string;
  readonly dtype: DType;
  readonly shape: Shape;
  #content: Content | undefined;

  constructor(backend: string, { dtype, shape }: TensorType, content: Content) {
    this.backend = backend;
    this.dtype = dtype;
    this.shape = shape;
    this.#content = content;
  }

  get isAlive(): boolean {
    return this.#content !== undefined;
  }

  /** @throws BackendError when the handle is dead */
  content(): Content {
    if (this.#content !== undefined) return this.#content;
    throw new BackendError(`this ${formatType(this)} tensor was released or given up to an in-place run`);
  }

  /** Puts the same elements, held otherwise, in place of the old content, which the caller gets. */
  exchange(content: Content): Content {
    const old = this.content();
    this.#content = content;
    return old;
  }

  /** Makes the handle dead and hands its content to the caller. */
  surrender(): Content {
    const content = this.content();
    this.#content = undefined;
    return content;
  }
}
