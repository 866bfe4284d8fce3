import type { Shape } from '@tether/graph';
import { ATTRIBUTE_TYPE, ELEMENT_TYPE, ModelProto, type ElementType } from './schema.ts';

/** Whole numbers are ONNX ints; a float attribute is wrapped, since 1 and 1.0 are the same number here. */
export type NodeAttribute = number | { readonly float: number } | string | readonly number[];
export type NodeAttributes = Readonly<Record<string, NodeAttribute>>;

export interface OnnxNode {
  /** With its domain in front where that is not ONNX's own: `com.microsoft.FusedMatMul`. */
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: NodeAttributes;
  /** For profiles: the scope in which the graph's operation was made. */
  readonly label: string;
}

export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
}

/** An input or output of a model. */
export interface OnnxPort {
  readonly name: string;
  readonly type: ElementType;
  /** Undefined for any shape. */
  readonly shape: Shape | undefined;
}

export interface OnnxConstant extends OnnxValue {
  readonly bytes: Uint8Array;
}

export interface OnnxModel<Port extends OnnxPort = OnnxValue> {
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

const IR_VERSION = 10;
/** Operator sets of the emitted models; every runtime since ONNX Runtime 1.17 has them. */
const OPSETS = [
  { domain: '', version: 20 },
  { domain: 'com.microsoft', version: 1 },
];

function attributeProto(name: string, value: NodeAttribute): object {
  if (typeof value === 'number') return { name, type: ATTRIBUTE_TYPE.int, i: value };
  if (typeof value === 'string') return { name, type: ATTRIBUTE_TYPE.string, s: Buffer.from(value) };
  if ('float' in value) return { name, type: ATTRIBUTE_TYPE.float, f: value.float };
  return { name, type: ATTRIBUTE_TYPE.ints, ints: value };
}

const valueProto = ({ name, type, shape }: OnnxPort): object => ({
  name,
  type: {
    tensorType: {
      elemType: ELEMENT_TYPE[type],
      ...(shape !== undefined && { shape: { dim: shape.map((dimValue) => ({ dimValue })) } }),
    },
  },
});

function nodeProto({ operator, inputs, outputs, attributes, label }: OnnxNode, index: number): object {
  const dot = operator.lastIndexOf('.');
  return {
    input: inputs,
    output: outputs,
    name: `${index} ${label}`,
    opType: operator.slice(dot + 1),
    domain: dot < 0 ? '' : operator.slice(0, dot),
    attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
  };
}

/** The model as the bytes of a `.onnx` file. */
export function encodeModel(model: OnnxModel<OnnxPort>): Uint8Array {
  return ModelProto.encode({
    irVersion: IR_VERSION,
    producerName: 'tether',
    opsetImport: OPSETS,
    graph: {
      name: 'tether',
      node: model.nodes.map(nodeProto),
      initializer: model.constants.map(({ name, type, shape, bytes }) => ({
        name,
        dataType: ELEMENT_TYPE[type],
        dims: shape,
        rawData: bytes,
      })),
      input: model.inputs.map(valueProto),
      output: model.outputs.map(valueProto),
    },
  }).finish();
}
