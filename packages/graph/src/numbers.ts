import type { DType } from './types.ts';

/** How a 16-bit float divides its bits. */
interface HalfFormat {
  /** Significant bits, the hidden one included. */
  readonly precision: number;
  /** Exponent of the smallest normal number. */
  readonly smallestExponent: number;
  readonly largest: number;
}

const BFLOAT16: HalfFormat = { precision: 8, smallestExponent: -126, largest: (2 - 2 ** -7) * 2 ** 127 };
const FLOAT16: HalfFormat = { precision: 11, smallestExponent: -14, largest: 65504 };

const scratch = new DataView(new ArrayBuffer(8));

/** ⌊log₂ |x|⌋ of a finite x ≠ 0, exactly; −1023 for float64's subnormals, which are far below both formats. */
function exponentOf(x: number): number {
  scratch.setFloat64(0, x);
  return ((scratch.getUint16(0) >>> 4) & 0x7ff) - 1023;
}

/** Adding and taking away 1.5 · 2⁵² leaves the nearest integer, ties to even: float64 itself rounds so. */
const TO_INTEGER = 1.5 * 2 ** 52;

/** Nearest number of the format, ties to even, in one rounding from float64; beyond the largest: ±Infinity. */
function roundTo(x: number, { precision, smallestExponent, largest }: HalfFormat): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const unit = 2 ** (Math.max(exponentOf(x), smallestExponent) - precision + 1);
  const rounded = (Math.abs(x) / unit + TO_INTEGER - TO_INTEGER) * unit;
  return Math.sign(x) * (rounded > largest ? Infinity : rounded);
}

export const roundToBfloat16 = (x: number): number => roundTo(x, BFLOAT16);
export const roundToFloat16 = (x: number): number => roundTo(x, FLOAT16);

/** Bits of the nearest bfloat16: the upper half of a float32. */
export function bfloat16Bits(x: number): number {
  scratch.setFloat32(0, roundToBfloat16(x));
  return scratch.getUint16(0);
}

export function bfloat16FromBits(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/** Bits of the nearest IEEE half-precision number. */
export function float16Bits(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  if (Number.isNaN(x)) return 0x7e00;
  const magnitude = Math.abs(roundToFloat16(x));
  if (magnitude === Infinity) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | (magnitude * 2 ** 24);
  const exponent = exponentOf(magnitude);
  return sign | ((exponent + 15) << 10) | ((magnitude / 2 ** exponent - 1) * 2 ** 10);
}

export function float16FromBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = (bits & 0x3ff) / 2 ** 10;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
}

/**
 * The number that an element type holds for x: 16-bit floats round to nearest even, i32 wraps around after dropping
 * the fraction, bool is 0 or 1. f32 stays in float64, as everywhere outside the backends.
 */
export const represent: Readonly<Record<DType, (x: number) => number>> = {
  f32: (x) => x,
  bf16: roundToBfloat16,
  f16: roundToFloat16,
  i32: (x) => x | 0,
  bool: (x) => (x === 0 ? 0 : 1),
};
