import { z } from 'zod';
import { bytesPerElement, STORED_DTYPES, type StoredDtype } from './dtypes.ts';
import { CheckpointError } from './errors.ts';
import { scanJson, stringEntries } from './scanJson.ts';

/**
 * A safetensors file is: header length N (u64, little-endian), N bytes of JSON, then the tensors' bytes, row-major, without gaps.
 * The JSON maps each name to `{ dtype, shape, data_offsets: [begin, end] }`, offsets counted from the end of the header;
 * `__metadata__` maps strings to strings.
 */
export interface TensorInfo {
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  /** Byte offsets from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit on the header, in bytes. */
export const MAX_HEADER_BYTES = 100_000_000;
export const LENGTH_BYTES = 8;

/** The deepest valid header: the object of tensors, one tensor's object, its shape. */
const MAX_DEPTH = 3;

const wholeNumber = z.number().int().nonnegative();
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(wholeNumber),
  data_offsets: z.tuple([wholeNumber, wholeNumber]),
});

/** Checks the first 8 bytes of a file of `fileBytes` bytes and returns the length of the header in bytes. */
export function parseHeaderLength(first: Uint8Array, fileBytes: number, path: string): number {
  if (first.length < LENGTH_BYTES) {
    throw new CheckpointError(path, `it is only ${fileBytes} bytes long, too short for a safetensors file`);
  }
  const length = new DataView(first.buffer, first.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw new CheckpointError(
      path,
      `its first 8 bytes give a header of ${length} bytes, more than the ${MAX_HEADER_BYTES} allowed: not a safetensors file`,
    );
  }
  if (LENGTH_BYTES + Number(length) > fileBytes) {
    throw new CheckpointError(
      path,
      `its header should be ${length} bytes long, but the file has only ${fileBytes} bytes: the file is truncated`,
    );
  }
  return Number(length);
}

/** Parses the JSON header and checks every entry against the `dataBytes` bytes that follow it. Throws CheckpointError. */
export function parseHeader(json: Uint8Array, dataBytes: number, path: string): Header {
  const raw = parseHeaderJson(json, path);
  const tensors = new Map<string, TensorInfo>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (name === '__metadata__') {
      const entries = stringEntries(value);
      if (entries === undefined)
        throw new CheckpointError(path, '__metadata__ in its header must map strings to strings');
      metadata = Object.fromEntries(entries);
    } else {
      tensors.set(name, parseEntry(name, value, path));
    }
  }
  checkLayout(tensors, dataBytes, path);
  return { tensors, metadata };
}

function parseHeaderJson(bytes: Uint8Array, path: string): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new CheckpointError(path, 'its header is not valid UTF-8: not a safetensors file', { cause });
  }
  if (!text.startsWith('{')) throw new CheckpointError(path, 'its header is not a JSON object: not a safetensors file');
  const { depth, duplicateKeys } = scanJson(text);
  if (depth > MAX_DEPTH) {
    throw new CheckpointError(
      path,
      `its header is nested ${depth} levels deep, but ${MAX_DEPTH} is the most that is valid`,
    );
  }
  if (duplicateKeys.length > 0) {
    throw new CheckpointError(path, `its header names these more than once: ${duplicateKeys.map(quote).join(', ')}`);
  }
  try {
    return JSON.parse(text) as Record<string, unknown>; // an object, since the text starts with '{'
  } catch (cause) {
    throw new CheckpointError(path, `its header is not valid JSON: ${(cause as Error).message}`, { cause });
  }
}

function parseEntry(name: string, value: unknown, path: string): TensorInfo {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'entry'}: ${issue.message}`);
    throw new CheckpointError(path, `tensor ${quote(name)} has a malformed header entry: ${problems.join('; ')}`);
  }
  const { dtype, shape } = parsed.data;
  const [begin, end] = parsed.data.data_offsets;
  if (!isStoredDtype(dtype)) {
    throw new CheckpointError(
      path,
      `tensor ${quote(name)} has dtype ${quote(dtype)}, which is not supported (supported: ${STORED_DTYPES.join(', ')})`,
    );
  }
  const bytes = byteCount(shape, dtype);
  if (bytes !== end - begin) {
    throw new CheckpointError(
      path,
      `tensor ${quote(name)} of shape [${shape.join(', ')}] and dtype ${dtype} needs ${bytes} bytes, but its offsets ` +
        `[${begin}, ${end}] hold ${end - begin}`,
    );
  }
  return { dtype, shape, begin, end };
}

/** Tensors must follow each other without overlaps or gaps and fill the file to its end. */
function checkLayout(tensors: ReadonlyMap<string, TensorInfo>, dataBytes: number, path: string): void {
  const inOrder = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  let previous = '';
  for (const [name, { begin, end }] of inOrder) {
    if (end > dataBytes) {
      throw new CheckpointError(
        path,
        `tensor ${quote(name)} ends at byte ${end} of the data, beyond the end of the file (${dataBytes} bytes of data): ` +
          'the file is truncated, for example by an incomplete download',
      );
    }
    if (begin < position) {
      throw new CheckpointError(
        path,
        `tensors ${quote(previous)} and ${quote(name)} overlap at byte ${begin} of the data`,
      );
    }
    if (begin > position) {
      throw new CheckpointError(
        path,
        `no tensor owns bytes ${position} to ${begin} of the data, before ${quote(name)}`,
      );
    }
    position = end;
    previous = name;
  }
  if (position !== dataBytes) {
    throw new CheckpointError(
      path,
      `its tensors end at byte ${position} of the data, but the file has ${dataBytes} bytes of data`,
    );
  }
}

/** Encodes the length and the JSON header; padded with spaces so that the data starts at a multiple of 8 bytes. */
export function encodeHeader(
  tensors: ReadonlyMap<string, TensorInfo>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  for (const [name, { dtype, shape, begin, end }] of tensors) {
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  // Object.fromEntries keeps "__proto__" as an ordinary key, as an object literal would not. Integer-like names move to the
  // front of the JSON, which is harmless: the offsets, not the order, say where a tensor lies.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(LENGTH_BYTES + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, LENGTH_BYTES);
  return bytes;
}

/** Bytes of a tensor. A product too large to be exact is not a safe integer, so it equals no offsets and is refused. */
export function byteCount(shape: readonly number[], dtype: StoredDtype): number {
  return elementCount(shape) * bytesPerElement(dtype);
}

export function elementCount(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
}

function isStoredDtype(dtype: string): dtype is StoredDtype {
  return (STORED_DTYPES as readonly string[]).includes(dtype);
}

/** A name as it may stand in a message: quoted, control characters escaped, long ones cut. */
export function quote(name: string): string {
  const text = JSON.stringify(name);
  return text.length <= 200 ? text : `${text.slice(0, 197)}…"`;
}
