import { bfloat16Bits, float16Bits, sameShape, sizeOf, type DType, type Shape, type TensorType } from '@tether/graph';

/** A value of the program: its SSA name and type. */
export interface Value extends TensorType {
  readonly name: string;
}

const ELEMENT: Readonly<Record<DType, string>> = { f32: 'f32', bf16: 'bf16', f16: 'f16', i32: 'i32', bool: 'i1' };

/** `tensor<2x3xf32>`. */
export const typeText = ({ dtype, shape }: TensorType): string => `tensor<${[...shape, ELEMENT[dtype]].join('x')}>`;

export const list = (values: readonly number[]): string => `[${values.join(', ')}]`;

const hex = (bits: number, digits: number): string =>
  `0x${(bits >>> 0).toString(16).toUpperCase().padStart(digits, '0')}`;
const float32Bits = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0]!;

/** One number, exactly: floats as their bits. */
const NUMBER_TEXT: Readonly<Record<DType, (value: number) => string>> = {
  f32: (value) => hex(float32Bits(value), 8),
  bf16: (value) => hex(bfloat16Bits(value), 4),
  f16: (value) => hex(float16Bits(value), 4),
  i32: (value) => String(value | 0),
  bool: (value) => (value === 0 ? 'false' : 'true'),
};

/** Numbers of a tensor as MLIR's raw little-endian bytes; booleans as nested lists, for they would be packed. */
function denseText(data: ArrayLike<number>, { dtype, shape }: TensorType): string {
  const numbers = Array.from(data);
  if (dtype === 'bool') return nested(numbers.map(NUMBER_TEXT.bool), shape);
  const bytes =
    dtype === 'f32'
      ? Float32Array.from(numbers)
      : dtype === 'i32'
        ? Int32Array.from(numbers)
        : Uint16Array.from(numbers, dtype === 'bf16' ? bfloat16Bits : float16Bits);
  return `"0x${Buffer.from(bytes.buffer).toString('hex').toUpperCase()}"`;
}

function nested(texts: readonly string[], shape: Shape): string {
  const [extent, ...rest] = shape;
  if (extent === undefined) return texts[0]!;
  const step = sizeOf(rest);
  const parts = Array.from({ length: extent }, (_, index) =>
    nested(texts.slice(index * step, (index + 1) * step), rest),
  );
  return `[${parts.join(', ')}]`;
}

/** An index that a gather or a scatter reads, and what it must lie within. */
export interface Bound {
  /** What reads it, for the message. */
  readonly reader: string;
  /** Indices are 0 … size−1. */
  readonly size: number;
  readonly indices: Value;
}

/** Writes the body of one function. */
export class ProgramBuilder {
  readonly lines: string[] = [];
  readonly bounds: Bound[] = [];
  readonly #constants = new Map<string, Value>();
  #count = 0;

  /** Appends `%n = text` and gives its value. */
  emit(text: string, { dtype, shape }: TensorType): Value {
    const name = `%${this.#count++}`;
    this.lines.push(`${name} = ${text}`);
    return { name, dtype, shape };
  }

  /** The first of several results of an operation. */
  emitFirst(text: string, results: number, { dtype, shape }: TensorType): Value {
    const name = `%${this.#count++}`;
    this.lines.push(`${name}:${results} = ${text}`);
    return { name: `${name}#0`, dtype, shape };
  }

  /** An operation whose operands and result have one type, or `type` where the result's differs. */
  elementwise(operator: string, operands: readonly Value[], type?: TensorType): Value {
    const [first] = operands as readonly [Value];
    const names = operands.map(({ name }) => name).join(', ');
    const signature =
      type === undefined ? typeText(first) : `(${operands.map(typeText).join(', ')}) -> ${typeText(type)}`;
    return this.emit(`stablehlo.${operator} ${names} : ${signature}`, type ?? first);
  }

  constant(data: ArrayLike<number>, type: TensorType): Value {
    const text = data.length === 1 ? NUMBER_TEXT[type.dtype](data[0]!) : denseText(data, type);
    const key = `${text} ${typeText(type)}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const value = this.emit(`stablehlo.constant dense<${text}> : ${typeText(type)}`, type);
    this.#constants.set(key, value);
    return value;
  }

  scalar(dtype: DType, value: number): Value {
    return this.constant([value], { dtype, shape: [] });
  }

  convert(value: Value, dtype: DType): Value {
    if (value.dtype === dtype) return value;
    return this.elementwise('convert', [value], { dtype, shape: value.shape });
  }

  reshape(value: Value, shape: Shape): Value {
    if (sameShape(value.shape, shape)) return value;
    return this.elementwise('reshape', [value], { dtype: value.dtype, shape });
  }

  /** Repeats by NumPy's rule. */
  broadcast(value: Value, shape: Shape): Value {
    if (sameShape(value.shape, shape)) return value;
    const lead = shape.length - value.shape.length;
    const dims = value.shape.map((_, axis) => axis + lead);
    const type = { dtype: value.dtype, shape };
    return this.emit(
      `stablehlo.broadcast_in_dim ${value.name}, dims = ${list(dims)} : (${typeText(value)}) -> ${typeText(type)}`,
      type,
    );
  }

  iota(shape: Shape, axis: number): Value {
    const type = { dtype: 'i32', shape } as const;
    return this.emit(`stablehlo.iota dim = ${axis} : ${typeText(type)}`, type);
  }

  /** Reduction by one operation; the axes vanish. */
  reduce(operator: string, value: Value, axes: readonly number[], initial: number): Value {
    const start = this.scalar(value.dtype, initial);
    const type = { dtype: value.dtype, shape: value.shape.filter((_, axis) => !axes.includes(axis)) };
    return this.emit(
      `stablehlo.reduce(${value.name} init: ${start.name}) applies stablehlo.${operator} across dimensions = ${list(axes)} : (${typeText(value)}, ${typeText(start)}) -> ${typeText(type)}`,
      type,
    );
  }
}
