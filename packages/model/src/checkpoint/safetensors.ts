import { open, type FileHandle } from 'node:fs/promises';
import { readAt, writeAll, writeFileAtomically } from './atomicFile.ts';
import { bytesPerElement, FLOAT_DTYPES, isFloatDtype, STORED_ARRAY_TYPES, TO_FLOAT32 } from './dtypes.ts';
import type { FloatDtype, StoredArrays, StoredDtype } from './dtypes.ts';
import { CheckpointError, fileError } from './errors.ts';
import {
  byteCount,
  elementCount,
  encodeHeader,
  LENGTH_BYTES,
  parseHeader,
  parseHeaderLength,
  quote,
} from './header.ts';
import type { TensorInfo } from './header.ts';

/** A tensor's values as they are stored: the array's type follows from the dtype. */
export type StoredTensor = {
  [D in StoredDtype]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: StoredArrays[D] };
}[StoredDtype];

/** A tensor to be written. `data` may be a function, called when the tensor's turn comes, so that only one need be in memory. */
export type TensorEntry = {
  [D in StoredDtype]: {
    readonly name: string;
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: StoredArrays[D] | (() => StoredArrays[D] | Promise<StoredArrays[D]>);
  };
}[StoredDtype];

/** An open safetensors file. Tensors are read one at a time by position; the file is never held whole. */
export interface SafetensorsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The stored values. Throws CheckpointError when there is no such tensor or the file shrank. */
  read(name: string): Promise<StoredTensor>;
  /** The values of an F64, F32, F16 or BF16 tensor as float32. Throws CheckpointError for other dtypes. */
  readFloat32(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Opens a safetensors file and checks its whole header: nothing is read that the header does not account for. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw fileError(path, 'read', error);
  });
  try {
    const fileBytes = (await handle.stat()).size;
    const first = new Uint8Array(LENGTH_BYTES);
    const headerBytes = parseHeaderLength(first.subarray(0, await readAt(handle, first, 0)), fileBytes, path);
    const json = new Uint8Array(headerBytes);
    await readAt(handle, json, LENGTH_BYTES);
    const dataStart = LENGTH_BYTES + headerBytes;
    const { tensors, metadata } = parseHeader(json, fileBytes - dataStart, path);
    return openFile(path, handle, dataStart, tensors, metadata);
  } catch (error) {
    await handle.close();
    throw fileError(path, 'read', error);
  }
}

function openFile(
  path: string,
  handle: FileHandle,
  dataStart: number,
  tensors: ReadonlyMap<string, TensorInfo>,
  metadata: Readonly<Record<string, string>>,
): SafetensorsFile {
  const find = (name: string): TensorInfo => {
    const info = tensors.get(name);
    if (info === undefined) throw new CheckpointError(path, `it has no tensor ${quote(name)}`);
    return info;
  };
  const fill = async (name: string, array: ArrayBufferView, begin: number): Promise<void> => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    const count = await readAt(handle, bytes, dataStart + begin).catch((error: unknown) => {
      throw fileError(path, 'read', error);
    });
    if (count !== bytes.length)
      throw new CheckpointError(path, `it ended inside tensor ${quote(name)}: the file was cut while open`);
  };
  return {
    path,
    tensors,
    metadata,
    async read(name) {
      const { dtype, shape, begin } = find(name);
      const data = new STORED_ARRAY_TYPES[dtype](elementCount(shape));
      await fill(name, data, begin);
      return { dtype, shape, data } as StoredTensor; // the table gives the array of this very dtype
    },
    async readFloat32(name) {
      const { dtype, shape, begin } = find(name);
      if (!isFloatDtype(dtype)) {
        throw new CheckpointError(
          path,
          `tensor ${quote(name)} has dtype ${dtype}, but weights must be ${FLOAT_DTYPES.join(', ')}`,
        );
      }
      const values = new Float32Array(elementCount(shape));
      if (dtype === 'F32') await fill(name, values, begin);
      else await decodeInPieces(dtype, values, (piece, offset) => fill(name, piece, begin + offset));
      return values;
    },
    close: () => handle.close(),
  };
}

/** Elements decoded at a time: the stored form of a tensor is never in memory beside its float32 values. */
const PIECE = 2 ** 20;

async function decodeInPieces<D extends FloatDtype>(
  dtype: D,
  values: Float32Array,
  fill: (piece: StoredArrays[D], byteOffset: number) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < values.length; start += PIECE) {
    const target = values.subarray(start, start + PIECE);
    const piece = new STORED_ARRAY_TYPES[dtype](target.length);
    await fill(piece, start * bytesPerElement(dtype));
    TO_FLOAT32[dtype](piece, target);
  }
}

/** Reads a whole file into memory. For models, prefer `openSafetensors`, which reads tensor by tensor. */
export async function readSafetensors(
  path: string,
): Promise<{ tensors: Map<string, StoredTensor>; metadata: Readonly<Record<string, string>> }> {
  const file = await openSafetensors(path);
  try {
    const tensors = new Map<string, StoredTensor>();
    for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
    return { tensors, metadata: file.metadata };
  } finally {
    await file.close();
  }
}

/**
 * Writes a safetensors file atomically, replacing an older one of that name. Tensors are laid out widest dtype first, so that
 * each is aligned, and otherwise in the order given. Throws CheckpointError; then the older file is untouched.
 */
export async function writeSafetensors(
  path: string,
  entries: Iterable<TensorEntry>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const ordered = [...entries].sort((a, b) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype));
  const header = encodeHeader(layOut(ordered, path), metadata);
  await writeFileAtomically(path, async (handle) => {
    await writeAll(handle, header);
    for (const entry of ordered) {
      const data = typeof entry.data === 'function' ? await entry.data() : entry.data;
      const expected = byteCount(entry.shape, entry.dtype);
      if (data.byteLength !== expected || data.BYTES_PER_ELEMENT !== bytesPerElement(entry.dtype)) {
        throw new CheckpointError(
          path,
          `tensor ${quote(entry.name)} of shape [${entry.shape.join(', ')}] and dtype ${entry.dtype} needs ${expected} bytes, ` +
            `but its data is ${data.constructor.name} of ${data.byteLength} bytes`,
        );
      }
      await writeAll(handle, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  });
}

function layOut(entries: readonly TensorEntry[], path: string): Map<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>();
  let position = 0;
  for (const { name, dtype, shape } of entries) {
    if (tensors.has(name) || name === '__metadata__') {
      throw new CheckpointError(
        path,
        `tensor ${quote(name)} cannot be written: the name is ${name === '__metadata__' ? 'reserved' : 'used twice'}`,
      );
    }
    const end = position + byteCount(shape, dtype);
    tensors.set(name, { dtype, shape, begin: position, end });
    position = end;
  }
  return tensors;
}
