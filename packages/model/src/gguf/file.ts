import { open, type FileHandle } from 'node:fs/promises';
import { readAt } from '../checkpoint/atomicFile.ts';
import { CheckpointError, fileError } from '../checkpoint/errors.ts';
import { elementCount, quote } from '../checkpoint/header.ts';
import { readHeader, type GgufHeader, type GgufTensor } from './header.ts';
import { quantizationOf, storedBlocks } from './quantization.ts';

/** An open GGUF file. Tensors are read one at a time by position; the file is never held whole. */
export interface GgufFile extends GgufHeader {
  readonly path: string;
  /** A tensor's values, de-quantized. Throws CheckpointError when there is no such tensor or the file shrank. */
  readFloat32(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Opens a GGUF file and checks its whole header. Throws CheckpointError. */
export async function openGguf(path: string): Promise<GgufFile> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw fileError(path, 'read', error);
  });
  try {
    const header = await readHeader(path, handle);
    return {
      path,
      ...header,
      readFloat32: async (name) => {
        const tensor = header.tensors.get(name);
        if (tensor === undefined) throw new CheckpointError(path, `it has no tensor ${quote(name)}`);
        const values = new Float32Array(elementCount(tensor.shape));
        if (await decodeInPieces(handle, tensor, values)) return values;
        throw new CheckpointError(path, `it ended inside tensor ${quote(name)}: the file was cut while open`);
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw fileError(path, 'read', error);
  }
}

/** Values decoded at a time: the stored form of a tensor is never in memory beside its float32 values. */
const PIECE = 2 ** 20;

/** False where the file ended before. */
async function decodeInPieces(handle: FileHandle, { quantization, begin }: GgufTensor, values: Float32Array) {
  const { values: blockValues, bytes: blockBytes, decode } = quantizationOf(quantization);
  for (let start = 0; start < values.length; start += PIECE) {
    const target = values.subarray(start, start + PIECE);
    const count = target.length / blockValues;
    const bytes = new Uint8Array(count * blockBytes);
    if ((await readAt(handle, bytes, begin + (start / blockValues) * blockBytes)) !== bytes.length) return false;
    decode(storedBlocks(bytes), count, target);
  }
  return true;
}
