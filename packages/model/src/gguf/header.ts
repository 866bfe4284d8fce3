import { GGMLQuantizationType, gguf } from '@huggingface/gguf';
import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readAt } from '../checkpoint/atomicFile.ts';
import { CheckpointError } from '../checkpoint/errors.ts';
import { quote } from '../checkpoint/header.ts';
import { isKnown, QUANTIZATION_NAMES, quantizationOf, type QuantizationName } from './quantization.ts';

/** Where a tensor lies and how it is stored. */
export interface GgufTensor {
  /** Row-major, outermost first, as everywhere in this package; the file has it innermost first. */
  readonly shape: readonly number[];
  readonly quantization: QuantizationName;
  readonly begin: number; // byte in the file
}

/** Not every number that a file may hold has one. */
const TYPE_NAMES: Readonly<Record<number, string | undefined>> = GGMLQuantizationType;

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, unknown>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** Magic, version u32, number of tensors u64, number of metadata entries u64. */
const START_BYTES = 24;
const MAGIC = 0x46554747; // "GGUF", little-endian
/** Fewest bytes that a tensor's entry takes (lengths, type and offset), and a metadata entry (length, type and value). */
const LEAST_TENSOR_BYTES = 24;
const LEAST_ENTRY_BYTES = 13;

/** Reads and checks a whole header. Throws CheckpointError, whatever the bytes. */
export async function readHeader(path: string, handle: FileHandle): Promise<GgufHeader> {
  const fileBytes = (await handle.stat()).size;
  await checkStart(path, handle, fileBytes);
  const parsed = await gguf(resolve(path), { allowLocalFile: true }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CheckpointError(path, `its header cannot be read: ${reason}`, { cause });
  });
  const headerEnd = parsed.tensorInfoByteRange[1];
  if (headerEnd > fileBytes) throw new CheckpointError(path, 'it ends inside its header');
  const metadata = new Map<string, unknown>(Object.entries(parsed.metadata));
  const alignment = alignmentOf(path, metadata);
  const dataStart = Math.ceil(headerEnd / alignment) * alignment;
  const listed = parsed.tensorInfos.map(({ name, shape, dtype, offset }): ListedTensor => ({
    name,
    shape: shape.map(Number).reverse(),
    type: TYPE_NAMES[dtype] ?? `number ${String(dtype)}`,
    offset: Number(offset),
  }));
  return { metadata, tensors: placedTensors(path, listed, { alignment, dataStart, fileBytes }) };
}

/** What the counts promise must fit in the file, before anything is made of them. */
async function checkStart(path: string, handle: FileHandle, fileBytes: number): Promise<void> {
  const view = new DataView(new ArrayBuffer(START_BYTES));
  const count = await readAt(handle, new Uint8Array(view.buffer), 0);
  if (count < START_BYTES || view.getUint32(0, true) !== MAGIC) throw new CheckpointError(path, 'it is no GGUF file');
  const version = view.getUint32(4, true);
  if (version !== 2 && version !== 3) {
    throw new CheckpointError(path, `it is of GGUF version ${version}, or big-endian; versions 2 and 3 are read`);
  }
  const [tensors, entries] = [view.getBigUint64(8, true), view.getBigUint64(16, true)].map(Number);
  const least = START_BYTES + tensors! * LEAST_TENSOR_BYTES + entries! * LEAST_ENTRY_BYTES;
  if (least > fileBytes) {
    throw new CheckpointError(
      path,
      `its header promises ${tensors} tensors and ${entries} metadata entries, more than its ${fileBytes} bytes can hold`,
    );
  }
}

const MOST_ALIGNMENT = 2 ** 20;

function alignmentOf(path: string, metadata: ReadonlyMap<string, unknown>): number {
  const alignment = Number(metadata.get('general.alignment') ?? 32); // the format's default
  if (Number.isInteger(alignment) && alignment > 0 && alignment <= MOST_ALIGNMENT) return alignment;
  throw new CheckpointError(path, `general.alignment is ${alignment}, but must be a whole number from 1 to 2^20`);
}

interface ListedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: string;
  readonly offset: number; // bytes from the start of the data
}

interface Layout {
  readonly alignment: number;
  readonly dataStart: number;
  readonly fileBytes: number;
}

/** The tensors, none outside the file, over another, or of a kind that is not read. Throws CheckpointError naming them. */
function placedTensors(path: string, listed: readonly ListedTensor[], layout: Layout): Map<string, GgufTensor> {
  checkTypes(path, listed);
  const tensors = new Map<string, GgufTensor>();
  let [previous, end] = ['', 0];
  for (const tensor of listed.toSorted((a, b) => a.offset - b.offset)) {
    const { name, shape, offset } = tensor;
    const refuse = (problem: string): never => {
      throw new CheckpointError(path, `tensor ${quote(name)} ${problem}`);
    };
    const quantization = tensor.type as QuantizationName; // by checkTypes
    const bytes = byteCount(shape, quantization) ?? refuse(`of shape [${shape.join(', ')}] cannot be ${quantization}`);
    if (tensors.has(name)) refuse('is listed twice');
    if (!Number.isSafeInteger(offset) || offset % layout.alignment !== 0) {
      refuse(`starts at byte ${offset} of the data, which is not a multiple of ${layout.alignment}`);
    }
    if (offset < end) refuse(`lies over tensor ${quote(previous)}`);
    if (layout.dataStart + offset + bytes > layout.fileBytes) refuse('reaches beyond the end of the file');
    tensors.set(name, { shape, quantization, begin: layout.dataStart + offset });
    [previous, end] = [name, offset + bytes];
  }
  return tensors;
}

function checkTypes(path: string, listed: readonly ListedTensor[]): void {
  const unknown = Map.groupBy(
    listed.filter(({ type }) => !isKnown(type)),
    ({ type }) => type,
  );
  if (unknown.size === 0) return;
  const kinds = [...unknown].map(
    ([type, tensors]) => `${type} (${tensors.length}, such as ${quote(tensors[0]!.name)})`,
  );
  throw new CheckpointError(
    path,
    `tensors are stored as ${kinds.join(', ')}, which is not read; read are ${QUANTIZATION_NAMES.join(', ')}`,
  );
}

const MOST_DIMENSIONS = 4; // of ggml

/** Undefined where there can be no such tensor. */
function byteCount(shape: readonly number[], name: QuantizationName): number | undefined {
  const { values, bytes } = quantizationOf(name);
  const elements = shape.reduce((product, size) => product * size, 1);
  const fits = shape.length >= 1 && shape.length <= MOST_DIMENSIONS && Number.isSafeInteger(elements) && elements > 0;
  return fits && shape.at(-1)! % values === 0 ? (elements / values) * bytes : undefined;
}
