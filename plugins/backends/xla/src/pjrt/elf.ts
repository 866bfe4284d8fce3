import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * What is wrong with a file as a shared library of this machine, or undefined. The system's loader maps a file without
 * asking whether it is whole: reading beyond the end of a truncated one kills the process.
 */
export function faultOfLibrary(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error);
  }
  try {
    const { size } = fstatSync(file);
    return process.platform === 'linux' ? faultOfElf(file, size) : undefined;
  } catch (error) {
    return String(error);
  } finally {
    closeSync(file);
  }
}

const HEADER_BYTES = 64;
const MACHINES: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 62, arm64: 183 };
const SHARED_OBJECT = 3;
const LOADED_SEGMENT = 1;

function read(file: number, position: number, length: number): DataView {
  const bytes = new Uint8Array(length);
  const count = readSync(file, bytes, 0, length, position);
  return new DataView(bytes.buffer, 0, count);
}

/** Header, machine, and that every segment and the section table lie within the file (ELF-64 specification). */
function faultOfElf(file: number, size: number): string | undefined {
  if (size < HEADER_BYTES) return `it has ${size} bytes, which is no library`;
  const head = read(file, 0, HEADER_BYTES);
  if (head.getUint32(0) !== 0x7f454c46) return 'it is not an ELF file';
  if (head.getUint8(4) !== 2 || head.getUint8(5) !== 1) return 'it is not a 64-bit little-endian library';
  if (head.getUint16(16, true) !== SHARED_OBJECT) return 'it is not a shared library';
  const machine = MACHINES[process.arch];
  if (machine !== undefined && head.getUint16(18, true) !== machine) {
    return `it is made for another processor than ${process.arch}`;
  }
  const programs = { start: Number(head.getBigUint64(32, true)), entry: 56, count: head.getUint16(56, true) };
  const sections = Number(head.getBigUint64(40, true)) + head.getUint16(58, true) * head.getUint16(60, true);
  const programsEnd = programs.start + programs.entry * programs.count;
  const truncated = (end: number): string => `it is cut off: ${size} bytes of at least ${end}`;
  if (programsEnd > size) return truncated(programsEnd);
  if (sections > size) return truncated(sections);
  const table = read(file, programs.start, programs.entry * programs.count);
  for (let index = 0; index < programs.count; index++) {
    const at = index * programs.entry;
    if (table.getUint32(at, true) !== LOADED_SEGMENT) continue;
    const end = Number(table.getBigUint64(at + 8, true) + table.getBigUint64(at + 32, true));
    if (end > size) return truncated(end);
  }
  return undefined;
}
