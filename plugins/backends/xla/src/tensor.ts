import { checkHostTensor, LiveTensors, TensorHandle, type HostArray, type HostTensor } from '@tether/core';
import { sizeOf, type DType, type TensorType } from '@tether/graph';
import type { PjrtClient } from './pjrt/client.ts';
import type { Pointer } from './pjrt/memory.ts';
import type { Placement } from './sharding.ts';

/** Arrays that `download` gives. */
const MAKE_ARRAY: Readonly<Record<DType, (length: number) => HostArray>> = {
  f32: (length) => new Float32Array(length),
  bf16: (length) => new Uint16Array(length),
  f16: (length) => new Uint16Array(length),
  i32: (length) => new Int32Array(length),
  bool: (length) => new Uint8Array(length),
};

/** Elements on the devices, in a buffer on each. */
export interface OnDevices {
  readonly at: 'devices';
  readonly placement: Placement;
  readonly buffers: readonly Pointer[];
  /** The tensor that they belong to, and every operation under way that reads them: the last one frees them. */
  holders: number;
}

/** Where the elements are: on the host until a first run says how they are to lie, or on the devices. */
export type Content = { readonly at: 'host'; readonly data: HostArray } | OnDevices;

/** Buffers that their maker holds. */
export const onDevices = (placement: Placement, buffers: readonly Pointer[]): OnDevices => ({
  at: 'devices',
  placement,
  buffers,
  holders: 1,
});

export class XlaTensor extends TensorHandle<Content> {
  /** The end of the last move between placements; moves come one after the other. */
  moved: Promise<unknown> = Promise.resolve();
}

/** Makes, moves and frees the tensors of one backend. */
export class TensorStore extends LiveTensors<Content, XlaTensor> {
  readonly #client: PjrtClient;
  readonly #devices: number;

  constructor(backend: string, client: PjrtClient, devices: number) {
    super(backend, XlaTensor, (content) => endHold(client, content));
    this.#client = client;
    this.#devices = devices;
  }

  /**
   * Copies host data: to the device where there is one, else to where the first run wants it.
   *
   * @throws BackendError when the elements do not fit the type
   */
  async fromHost(tensor: HostTensor): Promise<XlaTensor> {
    checkHostTensor(tensor);
    const { dtype, data } = tensor;
    if (this.#devices > 1 || data instanceof Float64Array) {
      const copy = MAKE_ARRAY[dtype](data.length);
      copy.set(data); // Float64Array rounds to f32 here
      if (this.#devices > 1) return this.adopt(tensor, { at: 'host', data: copy });
      return this.adopt(tensor, await this.#spread(tensor, copy, 'replicated'));
    }
    return this.adopt(tensor, await this.#spread(tensor, data, 'replicated'));
  }

  /**
   * Its elements as `placement` wants them, moved through the host where they lie otherwise. They stay until the caller
   * lets go of them, whatever becomes of the tensor meanwhile.
   */
  async borrow(tensor: XlaTensor, placement: Placement): Promise<OnDevices> {
    const move = tensor.moved.then(async () => {
      const content = tensor.content();
      if (content.at === 'devices' && content.placement === placement) return hold(content);
      const spread = await this.#spread(tensor, await this.#read(tensor), placement);
      if (!tensor.isAlive) return spread; // released meanwhile: the caller alone holds them
      this.letGo(tensor.exchange(hold(spread)));
      return spread;
    });
    tensor.moved = move.catch(() => undefined);
    return move;
  }

  /** Ends one hold on elements. */
  letGo(content: Content): void {
    endHold(this.#client, content);
  }

  /** A copy of its elements. */
  async toHost(tensor: XlaTensor): Promise<HostTensor> {
    const { dtype, shape } = tensor;
    const content = tensor.content();
    return { dtype, shape, data: content.at === 'host' ? content.data.slice() : await this.#read(tensor) };
  }

  /** Copies 32-bit integers that no handle owns. */
  async readIntegers(buffer: Pointer, length: number): Promise<Int32Array> {
    const data = new Int32Array(length);
    await this.#client.download(buffer, data);
    return data;
  }

  /** Bytes that the tensors of this backend hold on each device now. */
  bytesPerDevice(): number[] {
    const bytes = new Array<number>(this.#devices).fill(0);
    for (const tensor of this) {
      const content = tensor.content();
      if (content.at === 'host') continue;
      content.buffers.forEach((buffer, device) => (bytes[device]! += this.#client.sizeOf(buffer)));
    }
    return bytes;
  }

  async #spread({ dtype, shape }: TensorType, data: HostArray, placement: Placement): Promise<OnDevices> {
    const isSplit = placement === 'split';
    const partShape = isSplit ? [shape[0]! / this.#devices, ...shape.slice(1)] : shape;
    const length = sizeOf(partShape);
    const buffers: Pointer[] = [];
    try {
      for (let device = 0; device < this.#devices; device++) {
        const part = isSplit ? data.subarray(device * length, (device + 1) * length) : data;
        buffers.push(await this.#client.upload(part, dtype, partShape, device));
      }
    } catch (error) {
      for (const buffer of buffers) this.#client.destroyBuffer(buffer);
      throw error;
    }
    return onDevices(placement, buffers);
  }

  async #read(tensor: XlaTensor): Promise<HostArray> {
    const content = tensor.content();
    if (content.at === 'host') return content.data;
    const data = MAKE_ARRAY[tensor.dtype](sizeOf(tensor.shape));
    const held = hold(content);
    try {
      await this.#download(held, data);
    } finally {
      this.letGo(held);
    }
    return data;
  }

  async #download({ placement, buffers }: OnDevices, target: HostArray): Promise<void> {
    if (placement === 'replicated') return this.#client.download(buffers[0]!, target);
    const length = target.length / this.#devices;
    const part = (device: number): HostArray => target.subarray(device * length, (device + 1) * length);
    // All of them end before the first failure is told: the others still read buffers and write to the target.
    const ends = await Promise.allSettled(buffers.map((buffer, device) => this.#client.download(buffer, part(device))));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}

function hold(content: OnDevices): OnDevices {
  content.holders++;
  return content;
}

function endHold(client: PjrtClient, content: Content): void {
  if (content.at === 'host' || --content.holders > 0) return;
  for (const buffer of content.buffers) client.destroyBuffer(buffer);
}
