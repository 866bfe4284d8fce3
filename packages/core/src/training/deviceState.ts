import { type Backend, type DeviceTensor, type HostTensor } from '../contracts/index.ts';

/** Named tensors on the device, each owned exactly once. */
export class DeviceState {
  readonly #backend: Backend;
  readonly #tensors = new Map<string, DeviceTensor>();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  get(name: string): DeviceTensor {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw new Error(`the run has no tensor "${name}"`);
    return tensor;
  }

  names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  /** Takes ownership of `tensor`, and gives the memory of the value it replaces back. */
  set(name: string, tensor: DeviceTensor): void {
    const old = this.#tensors.get(name);
    this.#tensors.set(name, tensor);
    if (old !== undefined && old !== tensor) this.#backend.release(old);
  }

  /** Forgets a tensor whose memory is given up to an in-place run. */
  giveUp(name: string): void {
    this.#tensors.delete(name);
  }

  async upload(name: string, tensor: HostTensor): Promise<void> {
    this.set(name, await this.#backend.upload(tensor));
  }

  download(name: string): Promise<HostTensor> {
    return this.#backend.download(this.get(name));
  }

  release(name: string): void {
    this.#backend.release(this.get(name));
    this.#tensors.delete(name);
  }

  releaseAll(): void {
    for (const name of this.names()) this.release(name);
  }
}
