/// <reference lib="es2025.float16" />

/** The element types of a safetensors file and the array that holds each. Half-precision values are held as their raw bits. */
export interface StoredArrays {
  F64: Float64Array;
  F32: Float32Array;
  F16: Uint16Array; // IEEE half-precision bits
  BF16: Uint16Array; // the upper half of a float32's bits
  I64: BigInt64Array;
  I32: Int32Array;
  I16: Int16Array;
  I8: Int8Array;
  U64: BigUint64Array;
  U32: Uint32Array;
  U16: Uint16Array;
  U8: Uint8Array;
  BOOL: Uint8Array; // 0 or 1
}

export type StoredDtype = keyof StoredArrays;

interface ArrayType<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): A;
}

export const STORED_ARRAY_TYPES: { readonly [D in StoredDtype]: ArrayType<StoredArrays[D]> } = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};

export const STORED_DTYPES = Object.keys(STORED_ARRAY_TYPES) as readonly StoredDtype[];

/** The dtypes that weights come in. */
export const FLOAT_DTYPES = ['F64', 'F32', 'F16', 'BF16'] as const;
export type FloatDtype = (typeof FLOAT_DTYPES)[number];

export function isFloatDtype(dtype: StoredDtype): dtype is FloatDtype {
  return (FLOAT_DTYPES as readonly StoredDtype[]).includes(dtype);
}

export function bytesPerElement(dtype: StoredDtype): number {
  return STORED_ARRAY_TYPES[dtype].BYTES_PER_ELEMENT;
}

type ToFloat32<D extends FloatDtype> = (stored: StoredArrays[D], target: Float32Array) => void;

/** Decoders into a float32 array of the same length. Exact for F32, F16 and BF16; F64 rounds to the nearest, ties to even. */
export const TO_FLOAT32: { readonly [D in FloatDtype]: ToFloat32<D> } = {
  F64: (stored, target) => target.set(stored),
  F32: (stored, target) => target.set(stored),
  F16: (stored, target) => target.set(new Float16Array(stored.buffer, stored.byteOffset, stored.length)),
  BF16: (stored, target) => {
    const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
    for (let i = 0; i < stored.length; i++) bits[i] = stored[i]! << 16;
  },
};

/** Encoders from float32, rounding to the nearest, ties to even. Values too large for F16 become infinite. */
export const FROM_FLOAT32: { readonly [D in FloatDtype]: (values: Float32Array) => StoredArrays[D] } = {
  F64: (values) => Float64Array.from(values),
  F32: (values) => values,
  F16: (values) => new Uint16Array(new Float16Array(values).buffer),
  BF16: (values) => {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    const stored = new Uint16Array(values.length);
    for (let i = 0; i < bits.length; i++) stored[i] = bfloat16Bits(bits[i]!);
    return stored;
  },
};

/** Rounds float32 bits to bfloat16 bits. Adding just under half of the last kept place, plus that place's own bit, ties to even. */
function bfloat16Bits(bits: number): number {
  const isNaN = (bits & 0x7fffffff) > 0x7f800000;
  if (isNaN) return (bits >>> 16) | 0x40; // keep it quiet, whatever payload is cut off
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}
