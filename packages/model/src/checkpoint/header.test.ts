import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from './errors.ts';
import { byteCount, encodeHeader, LENGTH_BYTES, parseHeader, parseHeaderLength, type Header } from './header.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A file as bytes: length, header, data. */
function file(header: string | Uint8Array, dataBytes: number, length?: bigint): Uint8Array {
  const json = typeof header === 'string' ? bytesOf(header) : header;
  const bytes = new Uint8Array(LENGTH_BYTES + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, LENGTH_BYTES);
  return bytes;
}

/** Parses a file held in memory, as `openSafetensors` does one on disk. */
function parse(bytes: Uint8Array): Header {
  const length = parseHeaderLength(bytes.subarray(0, LENGTH_BYTES), bytes.length, 'f.safetensors');
  const start = LENGTH_BYTES + length;
  return parseHeader(bytes.subarray(LENGTH_BYTES, start), bytes.length - start, 'f.safetensors');
}

const entry = (shape: number[], begin: number, end: number, dtype = 'F32'): unknown => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const header = (entries: Record<string, unknown>): string => JSON.stringify(entries);

describe('a malformed file is refused with the file, the tensor and the reason', () => {
  const two = { a: entry([2], 0, 8), b: entry([3], 8, 20) };
  const cases: [what: string, bytes: Uint8Array, message: RegExp][] = [
    ['an empty file', new Uint8Array(0), /f\.safetensors: it is only 0 bytes long/],
    [
      'a header longer than the format allows',
      file('{}', 0, 2n ** 63n),
      /a header of 9223372036854775808 bytes, more than/,
    ],
    [
      'a header longer than the file',
      file('{}', 0, 99n),
      /header should be 99 bytes long, but the file has only 10 bytes/,
    ],
    ['a header that is not UTF-8', file(Uint8Array.of(0x7b, 0xff), 0), /not valid UTF-8/],
    ['a header that is not an object', file('[1]', 0), /not a JSON object/],
    ['a header that is not JSON', file('{"a"', 0), /not valid JSON/],
    ['a header nested a million levels deep', file(`{"a":${'['.repeat(1e6)}`, 0), /nested 1000001 levels deep/],
    [
      'a name used twice',
      file(`{"a":${JSON.stringify(two.a)},"\\u0061":${JSON.stringify(two.a)}}`, 8),
      /more than once: "a"/,
    ],
    [
      'metadata that is not strings',
      file(header({ __metadata__: { step: 3 } }), 0),
      /__metadata__ .* must map strings to strings/,
    ],
    ['an entry without offsets', file(header({ a: { dtype: 'F32', shape: [] } }), 0), /tensor "a" .*data_offsets/],
    ['a negative size', file(header({ a: entry([-1], 0, 0) }), 0), /tensor "a" .*shape\.0/],
    [
      'an unknown dtype',
      file(header({ a: entry([4], 0, 4, 'F8_E4M3') }), 4),
      /tensor "a" has dtype "F8_E4M3".*supported: F64, F32/,
    ],
    [
      'too few bytes for the shape',
      file(header({ a: entry([3], 0, 8) }), 8),
      /"a" of shape \[3\] and dtype F32 needs 12 bytes.*hold 8/,
    ],
    ['a size beyond exact arithmetic', file(header({ a: entry([2 ** 40, 2 ** 40], 0, 8) }), 8), /tensor "a"/],
    ['offsets in the wrong order', file(header({ a: entry([2], 8, 0) }), 8), /tensor "a"/],
    ['overlapping tensors', file(header({ a: two.a, b: entry([3], 4, 16) }), 16), /"a" and "b" overlap at byte 4/],
    [
      'a gap between tensors',
      file(header({ a: two.a, b: entry([3], 12, 24) }), 24),
      /no tensor owns bytes 8 to 12 .* before "b"/,
    ],
    ['bytes after the last tensor', file(header(two), 21), /tensors end at byte 20 .* the file has 21/],
    ['a truncated file', file(header(two), 15), /tensor "b" ends at byte 20 .* beyond the end of the file .*truncated/],
  ];
  test.each(cases)('%s', (_, bytes, message) => {
    expect(() => parse(bytes)).toThrow(CheckpointError);
    expect(() => parse(bytes)).toThrow(message);
  });
});

test('names that look like numbers or like object internals are ordinary names', () => {
  const names = ['10', '2', '__proto__', 'constructor', 'toString', ''];
  const tensors = new Map(
    names.map((name, i) => [name, { dtype: 'F32' as const, shape: [1], begin: 4 * i, end: 4 * i + 4 }]),
  );
  const metadata = Object.fromEntries(names.map((name) => [name, 'text']));
  const bytes = encodeHeader(tensors, metadata);
  const parsed = parse(Uint8Array.from([...bytes, ...new Uint8Array(4 * names.length)]));
  expect(new Map([...parsed.tensors].sort(([, a], [, b]) => a.begin - b.begin))).toEqual(tensors);
  expect(Object.entries(parsed.metadata).sort()).toEqual(Object.entries(metadata).sort());
});

describe('whatever the bytes, a file is parsed with every tensor inside it, or refused with a CheckpointError', () => {
  function holds(bytes: Uint8Array): void {
    let parsed: Header;
    try {
      parsed = parse(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(CheckpointError);
      return;
    }
    // What reading allocates is what the file really holds: no header can ask for more.
    let total = 0;
    for (const { dtype, shape, begin, end } of parsed.tensors.values()) {
      expect(byteCount(shape, dtype)).toBe(end - begin);
      total += end - begin;
    }
    expect(total).toBeLessThanOrEqual(bytes.length);
  }

  test('random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), holds), { numRuns: 2000 });
  });

  test('a true length before random text', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((json) => `{"a":${json}}`),
    );
    fc.assert(
      fc.property(text, fc.nat(40), (json, dataBytes) => holds(file(json, dataBytes))),
      { numRuns: 2000 },
    );
  });

  test('entries with arbitrary fields', () => {
    const size = fc.oneof(fc.nat(4), fc.nat(2 ** 31 - 1), fc.integer(), fc.double(), fc.constant(2 ** 53));
    const entries = fc.dictionary(
      fc.string(),
      fc.record({
        dtype: fc.constantFrom('F32', 'BF16', 'I64', 'X'),
        shape: fc.array(size),
        data_offsets: fc.array(size),
      }),
    );
    fc.assert(
      fc.property(entries, fc.nat(64), (e, dataBytes) => holds(file(header(e), dataBytes))),
      { numRuns: 2000 },
    );
  });

  test('a valid file with some bytes changed or cut off', () => {
    const valid = file(
      header({ __metadata__: { format: 'pt' }, a: entry([2, 3], 0, 24), b: entry([], 24, 26, 'BF16') }),
      26,
    );
    const changes = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(changes, fc.nat(valid.length), (edits, kept) => {
        const bytes = valid.slice(0, kept < valid.length / 2 ? valid.length : kept);
        for (const [at, value] of edits) bytes[at] = value;
        holds(bytes);
      }),
      { numRuns: 4000 },
    );
  });
});
