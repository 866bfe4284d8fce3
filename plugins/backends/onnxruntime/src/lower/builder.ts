import { broadcastShapes, sameShape, sizeOf, type Shape } from '@tether/graph';
import type { NodeAttributes, OnnxConstant, OnnxNode } from '../onnx/model.ts';
import { ELEMENT_BYTES, ELEMENT_TYPE, type ElementType } from '../onnx/schema.ts';

/**
 * A value of the ONNX model. `shape` may be smaller than that of the graph's tensor wherever it broadcasts to it:
 * repeating is put off until an operator that needs every element.
 */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
}

/** Type and shape of a new value. */
export type ValueType = Omit<Value, 'name'>;

type ConstantArray = Float32Array | Int32Array | BigInt64Array | Uint32Array | Uint8Array;

const CONSTANT_ARRAYS: Readonly<Partial<Record<ElementType, (data: ArrayLike<number>) => ConstantArray>>> = {
  f32: (data) => Float32Array.from(data),
  i32: (data) => Int32Array.from(data),
  u32: (data) => Uint32Array.from(data),
  bool: (data) => Uint8Array.from(data, (x) => (x === 0 ? 0 : 1)),
  i64: (data) => BigInt64Array.from(Array.from(data, BigInt)),
};

const isHalf = (type: ElementType): boolean => type === 'f16' || type === 'bf16';

const MOST_BYTES_SHARED = 2 ** 16;

/** Collects the nodes and constants of one ONNX model. Names are numbered, so equal graphs give equal models. */
export class ModelBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxConstant[] = [];
  /** Bytes of each value that a node makes. */
  readonly sizes = new Map<string, number>();
  /** Where the next nodes belong, for profiles. */
  label = '';
  readonly #shared = new Map<string, Value>();
  readonly #made = new Map<string, Value>();
  #values = 0;

  newName(): string {
    return `v${this.#values++}`;
  }

  /** Appends a node with one result. */
  node(operator: string, inputs: readonly Value[], type: ValueType, attributes: NodeAttributes = {}): Value {
    const name = this.newName();
    this.push(operator, inputs, [name], attributes);
    this.sizes.set(name, sizeOf(type.shape) * ELEMENT_BYTES[type.type]);
    return { name, type: type.type, shape: type.shape };
  }

  push(operator: string, inputs: readonly Value[], outputs: readonly string[], attributes: NodeAttributes = {}): void {
    this.nodes.push({ operator, inputs: inputs.map(({ name }) => name), outputs, attributes, label: this.label });
  }

  /** An initializer; small equal ones are shared. */
  constant(type: ElementType, data: ArrayLike<number>, shape: Shape = [data.length]): Value {
    const make = CONSTANT_ARRAYS[type];
    if (make === undefined) throw new Error(`no ${type} constants: cast an f32 one`); // a bug of the lowering
    const array = make(data);
    const bytes = new Uint8Array(array.buffer);
    const key =
      bytes.length <= MOST_BYTES_SHARED
        ? `${type}[${shape.join()}]${Buffer.from(bytes).toString('latin1')}`
        : undefined;
    const known = key === undefined ? undefined : this.#shared.get(key);
    if (known !== undefined) return known;
    const value = { name: `c${this.constants.length}`, type, shape };
    this.constants.push({ ...value, bytes });
    if (key !== undefined) this.#shared.set(key, value);
    return value;
  }

  scalar(type: ElementType, value: number): Value {
    return this.constant(type, [value], []);
  }

  /** The value that was made under this key before, or a new one. */
  once(key: string, make: () => Value): Value {
    const value = this.#made.get(key) ?? make();
    this.#made.set(key, value);
    return value;
  }

  /** i32 0 … length−1; one for each length. */
  range(length: number): Value {
    return this.once(`range ${length}`, () => {
      const bounds = [0, length, 1].map((bound) => this.scalar('i32', bound));
      return this.node('Range', bounds, { type: 'i32', shape: [length] });
    });
  }

  cast(value: Value, type: ElementType): Value {
    if (value.type === type) return value;
    return this.node('Cast', [value], { type, shape: value.shape }, { to: ELEMENT_TYPE[type] });
  }

  reshape(value: Value, shape: Shape): Value {
    if (sameShape(value.shape, shape)) return value;
    return this.node('Reshape', [value, this.constant('i64', shape)], { type: value.type, shape }, { allowzero: 1 });
  }

  /** The value with every element present. */
  expand(value: Value, shape: Shape): Value {
    if (sameShape(value.shape, shape)) return value;
    if (sizeOf(value.shape) === sizeOf(shape)) return this.reshape(value, shape);
    return this.once(`${value.name} as [${shape.join()}]`, () => {
      // There is no Expand of 16-bit floats.
      const wide = isHalf(value.type) ? this.cast(value, 'f32') : value;
      const repeated = this.node('Expand', [wide, this.constant('i64', shape)], { type: wide.type, shape });
      return this.cast(repeated, value.type);
    });
  }

  /** An operator that broadcasts its inputs by NumPy's rule; all inputs have one type unless `type` says otherwise. */
  elementwise(
    operator: string,
    inputs: readonly Value[],
    type: ElementType = inputs[0]!.type,
    attributes: NodeAttributes = {},
  ): Value {
    return this.node(
      operator,
      inputs,
      { type, shape: broadcastShapes(...inputs.map(({ shape }) => shape)) },
      attributes,
    );
  }
}
