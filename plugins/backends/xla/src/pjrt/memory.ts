import type koffiModule from 'koffi';

/** An address. */
export type Pointer = bigint;
export const NULL: Pointer = 0n;

export type Koffi = typeof koffiModule;

/** Native calls run on stacks of koffi's own; compilers and matrix kernels need more than its default. */
const STACK_BYTES = 16 * 2 ** 20;

/** The foreign-function library, loaded only when a native library is really needed. */
export async function loadKoffi(): Promise<Koffi> {
  const { default: koffi } = await import('koffi');
  if ((koffi.config().async_stack_size ?? 0) < STACK_BYTES) koffi.config({ async_stack_size: STACK_BYTES });
  return koffi;
}

/**
 * Addresses of JavaScript memory for one native call. Whoever makes the call keeps this alive until it has ended: the
 * memory must not be collected while another thread reads it.
 */
export class CallMemory {
  readonly #koffi: Koffi;
  readonly #kept: unknown[] = [];

  constructor(koffi: Koffi) {
    this.#koffi = koffi;
  }

  address(data: ArrayBufferView): Pointer {
    this.#kept.push(data);
    return data.byteLength === 0 ? NULL : this.#koffi.address(data);
  }

  /** Address and length of a text, which C reads without an end mark. */
  text(text: string): { readonly pointer: Pointer; readonly size: bigint } {
    const bytes = Buffer.from(text);
    return { pointer: this.address(bytes), size: BigInt(bytes.byteLength) };
  }

  /** An array of 64-bit numbers or pointers. */
  words(values: readonly bigint[]): Pointer {
    return this.address(BigUint64Array.from(values, (value) => BigInt.asUintN(64, value)));
  }
}

/** A copy of native memory. */
export const copyBytes = (koffi: Koffi, pointer: Pointer, size: bigint): Buffer =>
  size === 0n ? Buffer.alloc(0) : Buffer.from(new Uint8Array(koffi.view(pointer, Number(size)).slice(0)));

export const readText = (koffi: Koffi, pointer: Pointer, size: bigint): string =>
  copyBytes(koffi, pointer, size).toString();

/** An array of pointers in native memory. */
export const readPointers = (koffi: Koffi, pointer: Pointer, count: bigint): Pointer[] =>
  count === 0n ? [] : [...new BigUint64Array(koffi.view(pointer, Number(count) * 8).slice(0))];
