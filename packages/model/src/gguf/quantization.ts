/// <reference lib="es2025.float16" />

/**
 * How GGUF stores values: in blocks, each with its own scale, so that a block of `values` numbers takes `bytes` bytes. Layouts
 * are those of the ggml project's block formats; q is a stored small integer, d a block's scale and m its minimum, both f16.
 */
export interface Quantization {
  readonly values: number;
  readonly bytes: number;
  /** Decodes `count` blocks that lie at the start of `stored`, whose buffer they start too, into `target`. */
  readonly decode: (stored: StoredBlocks, count: number, target: Float32Array) => void;
}

/** The same bytes in the forms that decoders read. */
export interface StoredBlocks {
  readonly bytes: Uint8Array;
  readonly signed: Int8Array;
  readonly halves: Float16Array;
}

export const storedBlocks = (bytes: Uint8Array<ArrayBuffer>): StoredBlocks => ({
  bytes,
  signed: new Int8Array(bytes.buffer, 0, bytes.length),
  halves: new Float16Array(bytes.buffer, 0, bytes.length >> 1),
});

/** Decodes one block at byte `at` into 32 or 256 values of `target` from `to` on. */
type DecodeBlock = (stored: StoredBlocks, at: number, target: Float32Array, to: number) => void;

const blocks = (values: number, bytes: number, decodeBlock: DecodeBlock): Quantization => ({
  values,
  bytes,
  decode: (stored, count, target) => {
    for (let block = 0; block < count; block++) decodeBlock(stored, block * bytes, target, block * values);
  },
});

/** The f16 at byte `at`, which is even: every block has an even number of bytes. */
const half = ({ halves }: StoredBlocks, at: number): number => halves[at >> 1]!;

const plain = (bytes: number, read: (stored: StoredBlocks, count: number) => ArrayLike<number>): Quantization => ({
  values: 1,
  bytes,
  decode: (stored, count, target) => target.set(read(stored, count)),
});

const float32 = plain(4, ({ bytes }, count) => new Float32Array(bytes.buffer, 0, count));
const float16 = plain(2, ({ halves }, count) => halves.subarray(0, count));
const bfloat16: Quantization = {
  values: 1,
  bytes: 2,
  decode: ({ bytes }, count, target) => {
    const upper = new Uint16Array(bytes.buffer, 0, count); // halves of float32's bits
    const bits = new Uint32Array(target.buffer, target.byteOffset, count);
    for (let i = 0; i < count; i++) bits[i] = upper[i]! << 16;
  },
};

const SMALL = 32;

/** Low nibbles are the first 16 values, high nibbles the last. */
const fourBits =
  (qs: number, value: (q: number, d: number, m: number) => number): DecodeBlock =>
  (stored, at, target, to) => {
    const [d, m] = [half(stored, at), half(stored, at + 2)];
    for (let i = 0; i < SMALL / 2; i++) {
      const pair = stored.bytes[at + qs + i]!;
      target[to + i] = value(pair & 15, d, m);
      target[to + i + SMALL / 2] = value(pair >> 4, d, m);
    }
  };

/** As `fourBits`, with each value's fifth bit in a word of 32 bits before the nibbles. */
const fiveBits =
  (high: number, value: (q: number, d: number, m: number) => number): DecodeBlock =>
  (stored, at, target, to) => {
    const { bytes } = stored;
    const [d, m] = [half(stored, at), half(stored, at + 2)];
    const fifth = (i: number): number => ((bytes[at + high + (i >> 3)]! >> (i & 7)) & 1) << 4;
    for (let i = 0; i < SMALL / 2; i++) {
      const pair = bytes[at + high + 4 + i]!;
      target[to + i] = value((pair & 15) | fifth(i), d, m);
      target[to + i + SMALL / 2] = value((pair >> 4) | fifth(i + SMALL / 2), d, m);
    }
  };

const eightBits: DecodeBlock = (stored, at, target, to) => {
  const d = half(stored, at);
  for (let i = 0; i < SMALL; i++) target[to + i] = d * stored.signed[at + 2 + i]!;
};

const LARGE = 256;

/** Scale and minimum, 6 bits each, of the sub-blocks 0 … 7 of a K-quant, from 12 bytes. */
function scaleOf(bytes: Uint8Array, at: number, sub: number): number {
  if (sub < 4) return bytes[at + sub]! & 63;
  return (bytes[at + sub + 4]! & 15) | ((bytes[at + sub - 4]! >> 6) << 4);
}
function minimumOf(bytes: Uint8Array, at: number, sub: number): number {
  if (sub < 4) return bytes[at + sub + 4]! & 63;
  return (bytes[at + sub + 4]! >> 4) | ((bytes[at + sub]! >> 6) << 4);
}

/**
 * Q4_K and Q5_K: d, dmin, scales and minima of 8 sub-blocks of 32, for Q5_K fifth bits (bit s of byte i for value i of
 * sub-block s), then nibbles: 32 bytes hold two sub-blocks, low nibbles the first. Values are d·scale·q − dmin·minimum.
 */
const kBlock =
  (fifths: boolean): DecodeBlock =>
  (stored, at, target, to) => {
    const { bytes } = stored;
    const [d, dmin] = [half(stored, at), half(stored, at + 2)];
    const scales = at + 4;
    const high = scales + 12;
    const nibbles = high + (fifths ? 32 : 0);
    for (let sub = 0; sub < LARGE / SMALL; sub++) {
      const [scale, minimum] = [d * scaleOf(bytes, scales, sub), dmin * minimumOf(bytes, scales, sub)];
      const first = nibbles + (sub >> 1) * SMALL;
      const shift = (sub & 1) * 4;
      for (let i = 0; i < SMALL; i++) {
        const fifth = fifths ? ((bytes[high + i]! >> sub) & 1) << 4 : 0;
        target[to + sub * SMALL + i] = scale * (((bytes[first + i]! >> shift) & 15) | fifth) - minimum;
      }
    }
  };

/**
 * Q6_K: 128 bytes of low nibbles, 64 of upper bit pairs, 16 signed scales of 16 values each, d. A half of 128 values is four
 * runs of 32: runs 0 and 1 have the low nibbles of the half's 64 bytes, runs 2 and 3 the high ones; bits 2r and 2r + 1 of its
 * 32 upper bytes belong to run r. Values are d·scale·(q − 32).
 */
const sixBits: DecodeBlock = (stored, at, target, to) => {
  const { bytes, signed } = stored;
  const [upper, scales] = [at + 128, at + 192];
  const d = half(stored, at + 208);
  for (let run = 0; run < 8; run++) {
    const [second, r] = [run >> 2, run & 3];
    const low = at + second * 64 + (r & 1) * SMALL;
    for (let i = 0; i < SMALL; i++) {
      const nibble = (bytes[low + i]! >> ((r >> 1) * 4)) & 15;
      const q = nibble | (((bytes[upper + second * SMALL + i]! >> (2 * r)) & 3) << 4);
      target[to + run * SMALL + i] = d * signed[scales + 2 * run + (i >> 4)]! * (q - 32);
    }
  }
};

const QUANTIZATIONS = {
  F32: float32,
  F16: float16,
  BF16: bfloat16,
  Q4_0: blocks(
    SMALL,
    18,
    fourBits(2, (q, d) => d * (q - 8)),
  ),
  Q4_1: blocks(
    SMALL,
    20,
    fourBits(4, (q, d, m) => d * q + m),
  ),
  Q5_0: blocks(
    SMALL,
    22,
    fiveBits(2, (q, d) => d * (q - 16)),
  ),
  Q5_1: blocks(
    SMALL,
    24,
    fiveBits(4, (q, d, m) => d * q + m),
  ),
  Q8_0: blocks(SMALL, 34, eightBits),
  Q4_K: blocks(LARGE, 144, kBlock(false)),
  Q5_K: blocks(LARGE, 176, kBlock(true)),
  Q6_K: blocks(LARGE, 210, sixBits),
} as const satisfies Readonly<Record<string, Quantization>>;

export type QuantizationName = keyof typeof QUANTIZATIONS;

export const QUANTIZATION_NAMES = Object.keys(QUANTIZATIONS) as readonly QuantizationName[];

export const isKnown = (name: string): name is QuantizationName => Object.hasOwn(QUANTIZATIONS, name);

export const quantizationOf = (name: QuantizationName): Quantization => QUANTIZATIONS[name];
