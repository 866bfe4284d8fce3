import { BackendError } from '@tether/core';
import { FUNCTION_INDEX, FUNCTIONS_OFFSET, MAJOR, NEWEST_KNOWN_MINOR, OLDEST_MINOR } from './functions.ts';
import { CallMemory, copyBytes, NULL, readText, type Koffi, type Pointer } from './memory.ts';
import {
  layoutOf,
  STRUCTS,
  type FieldOf,
  type FieldType,
  type FunctionName,
  type Layout,
  type StructName,
} from './structs.ts';

export type Values<Name extends StructName> = { readonly [F in FieldOf<Name>]?: bigint };
export type Results<Name extends StructName> = { readonly [F in FieldOf<Name>]: bigint };

export interface ApiVersion {
  readonly major: number;
  readonly minor: number;
}

export const formatVersion = ({ major, minor }: ApiVersion): string => `${major}.${minor}`;

/** An error of the plugin itself, with its code of the absl status list. */
export class PjrtError extends BackendError {
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

const INVALID_ARGUMENT = 3;

/** A plugin that knows longer structs than it was given says so in these words. */
const SIZE_MESSAGE = /Unexpected PJRT_(\w+?)(?:_Args)? size: expected (\d+), got (\d+)/;

/** Bytes of an element that a PJRT_NamedValue points to, by its type: strings and lists of i64; others are in place. */
const VALUE_BYTES: Readonly<Record<number, number>> = { 0: 1, 2: 8 };

interface NativeFunction {
  (args: Uint8Array): Pointer | null;
  async(args: Uint8Array, done: (error: Error | null, result: Pointer | null) => void): void;
}

const WRITE: Readonly<Record<FieldType, (view: DataView, offset: number, value: bigint) => void>> = {
  pointer: (view, offset, value) => view.setBigUint64(offset, value, true),
  size: (view, offset, value) => view.setBigUint64(offset, value, true),
  i64: (view, offset, value) => view.setBigInt64(offset, value, true),
  i32: (view, offset, value) => view.setInt32(offset, Number(value), true),
  bool: (view, offset, value) => view.setUint8(offset, Number(value)),
};
const READ: Readonly<Record<FieldType, (view: DataView, offset: number) => bigint>> = {
  pointer: (view, offset) => view.getBigUint64(offset, true),
  size: (view, offset) => view.getBigUint64(offset, true),
  i64: (view, offset) => view.getBigInt64(offset, true),
  i32: (view, offset) => BigInt(view.getInt32(offset, true)),
  bool: (view, offset) => BigInt(view.getUint8(offset)),
};

/** Calls of the functions of one loaded plugin. Every failure is a PjrtError with the plugin's own message. */
export class PjrtApi {
  readonly koffi: Koffi;
  readonly version: ApiVersion;
  readonly #table: Pointer;
  readonly #tableBytes: number;
  readonly #functions = new Map<FunctionName, NativeFunction>();
  readonly #layouts = new Map<StructName, Layout>();
  readonly #proto: unknown;

  /** @throws BackendError for a version that this code cannot speak to */
  constructor(koffi: Koffi, table: Pointer) {
    this.koffi = koffi;
    this.#table = table;
    const head = new DataView(koffi.view(table, FUNCTIONS_OFFSET).slice(0));
    this.#tableBytes = Number(head.getBigUint64(0, true));
    this.version = { major: head.getInt32(32, true), minor: head.getInt32(36, true) };
    checkVersion(this.version);
    this.#proto = koffi.proto('void *', ['void *']);
  }

  /** Whether the plugin's table has this function at all. */
  has(name: FunctionName): boolean {
    return this.#pointerOf(name) !== NULL;
  }

  /** A struct of its own, for fields that point to one. */
  struct<Name extends StructName>(name: Name, values: Values<Name>): Uint8Array {
    const { fields, size } = this.#layoutOf(name);
    const bytes = new Uint8Array(Math.ceil(size / 8) * 8);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(size), true);
    for (const [field, value] of Object.entries<bigint | undefined>(values)) {
      const placed = fields.get(field);
      if (placed !== undefined && value !== undefined) WRITE[placed.type](view, placed.offset, value);
    }
    return bytes;
  }

  /** `memory` is kept until the call has ended. */
  call<Name extends FunctionName>(name: Name, values: Values<Name>, memory?: CallMemory): Results<Name> {
    const native = this.#native(name);
    const args = this.struct(name, values);
    const call = { args, memory };
    inFlight.add(call);
    try {
      this.#check(native(args));
    } catch (error) {
      if (!this.#learnSize(error)) throw error;
      return this.call(name, values, memory);
    } finally {
      inFlight.delete(call);
    }
    return this.#results(name, args);
  }

  /** The same on another thread. */
  async callAsync<Name extends FunctionName>(
    name: Name,
    values: Values<Name>,
    memory: CallMemory,
  ): Promise<Results<Name>> {
    const native = this.#native(name);
    const args = this.struct(name, values);
    const call = { args, memory };
    inFlight.add(call);
    try {
      const error = await new Promise<Pointer | null>((resolve, reject) => {
        native.async(args, (failure, result) => (failure === null ? resolve(result) : reject(failure)));
      });
      this.#check(error);
    } catch (error) {
      if (!this.#learnSize(error)) throw error;
      return await this.callAsync(name, values, memory);
    } finally {
      inFlight.delete(call);
    }
    return this.#results(name, args);
  }

  /** What the plugin says about itself: versions of XLA and of StableHLO, as bytes in hexadecimal. */
  attributes(): Readonly<Record<string, string>> {
    const { attributes, num_attributes } = this.call('Plugin_Attributes', {});
    const { fields, size } = this.#layoutOf('NamedValue');
    const stride = BigInt(Math.ceil(size / 8) * 8);
    const read = (at: Pointer, field: FieldOf<'NamedValue'>): bigint => {
      const { offset, type } = fields.get(field)!; // a struct of fixed fields
      return READ[type](new DataView(this.koffi.view(at, Number(stride)).slice(0)), offset);
    };
    const entries = Array.from({ length: Number(num_attributes) }, (_, index): [string, string] => {
      const at = attributes + BigInt(index) * stride;
      const count = read(at, 'value_size');
      const value = read(at, 'value');
      const bytes = VALUE_BYTES[Number(read(at, 'type'))] ?? 0;
      const text = bytes === 0 ? String(value) : copyBytes(this.koffi, value, count * BigInt(bytes)).toString('hex');
      return [readText(this.koffi, read(at, 'name'), read(at, 'name_size')), text];
    });
    return Object.fromEntries(entries);
  }

  memory(): CallMemory {
    return new CallMemory(this.koffi);
  }

  #layoutOf(name: StructName): Layout {
    const known = this.#layouts.get(name);
    if (known !== undefined) return known;
    const layout = layoutOf(name, Math.min(this.version.minor, NEWEST_KNOWN_MINOR));
    this.#layouts.set(name, layout);
    return layout;
  }

  #results<Name extends StructName>(name: Name, args: Uint8Array): Results<Name> {
    const { fields } = this.#layoutOf(name);
    const view = new DataView(args.buffer);
    const entries = Object.keys(STRUCTS[name]).map((field) => {
      const placed = fields.get(field);
      return [field, placed === undefined ? 0n : READ[placed.type](view, placed.offset)];
    });
    return Object.fromEntries(entries) as Results<Name>; // the keys are the struct's own
  }

  #pointerOf(name: FunctionName): Pointer {
    const offset = FUNCTIONS_OFFSET + 8 * FUNCTION_INDEX[name];
    if (offset + 8 > this.#tableBytes) return NULL;
    return new DataView(this.koffi.view(this.#table + BigInt(offset), 8).slice(0)).getBigUint64(0, true);
  }

  #native(name: FunctionName): NativeFunction {
    const known = this.#functions.get(name);
    if (known !== undefined) return known;
    const pointer = this.#pointerOf(name);
    if (pointer === NULL) {
      throw new BackendError(`the plugin (PJRT ${formatVersion(this.version)}) has no function PJRT_${name}`);
    }
    const native = this.koffi.decode(pointer, this.#proto as string) as NativeFunction;
    this.#functions.set(name, native);
    return native;
  }

  #check(error: Pointer | null): void {
    if (error === null || error === NULL) return;
    const message = this.struct('Error_Message', { error });
    this.#native('Error_Message')(message);
    const told = this.#results('Error_Message', message);
    const text = readText(this.koffi, told.message, told.message_size);
    const code = this.struct('Error_GetCode', { error });
    this.#native('Error_GetCode')(code);
    const { code: number } = this.#results('Error_GetCode', code);
    this.#native('Error_Destroy')(this.struct('Error_Destroy', { error }));
    throw new PjrtError(text, Number(number));
  }

  /**
   * Makes a struct as long as the plugin wants it, with zeros in what was added since: by the rules of the interface
   * they mean "not given". False where that is not what the error is about.
   */
  #learnSize(error: unknown): boolean {
    if (!(error instanceof PjrtError) || error.code !== INVALID_ARGUMENT) return false;
    const [, name, expected] = SIZE_MESSAGE.exec(error.message) ?? [];
    if (name === undefined || !(name in STRUCTS)) return false;
    const struct = name as StructName; // just looked up
    const layout = this.#layoutOf(struct);
    if (Number(expected) <= layout.size) return false;
    this.#layouts.set(struct, { ...layout, size: Number(expected) });
    return true;
  }
}

/** Arguments of calls under way. */
const inFlight = new Set<unknown>();

function checkVersion(version: ApiVersion): void {
  const spoken = `${MAJOR}.${OLDEST_MINOR} or newer`;
  if (version.major !== MAJOR) {
    throw new BackendError(
      `the plugin speaks PJRT ${formatVersion(version)}, this backend speaks ${spoken} of major version ${MAJOR}: another major version has other structs`,
    );
  }
  if (version.minor < OLDEST_MINOR) {
    throw new BackendError(
      `the plugin speaks PJRT ${formatVersion(version)}, this backend speaks ${spoken}: the table of functions was rearranged in ${MAJOR}.${OLDEST_MINOR}. Install a newer plugin`,
    );
  }
}
