import type { Graph, Tensor } from '@tether/graph';
import { COMPUTE_TYPE, ModelBuilder, type LoweringContext, type LoweringOverrides, type Value } from './lower/index.ts';
import type { OnnxModel, OnnxNode, OnnxValue } from './onnx/model.ts';
import { pinOrder } from './order.ts';
import { traceLabel } from './profile.ts';
import { planSteps, type Step } from './plan.ts';
import { recomputeCheap } from './recompute.ts';

/** Names of the model's inputs and outputs: one tensor may be both under the same name. */
export const modelInput = (name: string): string => `input ${name}`;
export const modelOutput = (name: string): string => `output ${name}`;

const toOnnx = (name: string, { dtype, shape }: Tensor): OnnxValue => ({ name, type: dtype, shape });

/** The ONNX model of a graph that `optimize` has been through. */
export const emitModel = (graph: Graph, overrides: LoweringOverrides = {}): OnnxModel =>
  emitSteps(graph, recomputeCheap(planSteps(graph, overrides), [...graph.outputs.values()]));

/** The model that runs these steps of a graph in their order. */
export const emitSteps = (graph: Graph, steps: readonly Step[]): OnnxModel => emitSized(graph, steps).model;

/** A model, and the bytes of the values that its nodes make by the names that they have in it. */
export interface SizedModel {
  readonly model: OnnxModel;
  readonly nodes: readonly OnnxNode[];
  readonly sizes: ReadonlyMap<string, number>;
}

/** The model of `emitModel` with sizes; `nodes` are without the readers that pin the order. */
export const emitSizedModel = (graph: Graph, overrides: LoweringOverrides = {}): SizedModel =>
  emitSized(graph, recomputeCheap(planSteps(graph, overrides), [...graph.outputs.values()]));

function emitSized(graph: Graph, steps: readonly Step[]): SizedModel {
  const builder = new ModelBuilder();
  const values = new Map<number, Value>();
  for (const [name, tensor] of graph.inputs) values.set(tensor.id, toOnnx(modelInput(name), tensor));
  for (const step of steps) values.set(step.node.id, emitStep(step, builder, values));
  const { nodes, rename } = nameOutputs(graph, builder, values);
  const model = {
    nodes: pinOrder(nodes),
    constants: builder.constants,
    inputs: [...graph.inputs].map(([name, tensor]) => toOnnx(modelInput(name), tensor)),
    outputs: [...graph.outputs].map(([name, tensor]) => toOnnx(modelOutput(name), tensor)),
  };
  return { model, nodes, sizes: new Map([...builder.sizes].map(([name, bytes]) => [rename(name), bytes])) };
}

function emitStep({ node, inputs: tensors, lower }: Step, builder: ModelBuilder, values: Map<number, Value>): Value {
  builder.label = traceLabel(node);
  const isCast = node.operation.name === 'cast';
  const inputs = tensors.map((tensor) => {
    const value = values.get(tensor.id)!; // steps come after what they are computed from
    return isCast ? value : builder.cast(value, COMPUTE_TYPE[tensor.dtype]);
  });
  const context: LoweringContext = {
    node,
    builder,
    inputs,
    whole: (index) => builder.expand(inputs[index]!, tensors[index]!.shape),
  };
  return builder.cast(lower(context), node.dtype);
}

/** Renames what the outputs are to their outside names; a value that has another role as well is copied. */
function nameOutputs(
  graph: Graph,
  builder: ModelBuilder,
  values: ReadonlyMap<number, Value>,
): { readonly nodes: OnnxNode[]; readonly rename: (name: string) => string } {
  builder.label = 'output';
  const whole = [...graph.outputs].map(
    ([name, tensor]) => [name, builder.expand(values.get(tensor.id)!, tensor.shape)] as const,
  );
  const made = new Set(builder.nodes.flatMap(({ outputs }) => outputs));
  const names = new Map<string, string>();
  for (const [name, value] of whole) {
    if (made.has(value.name) && !names.has(value.name)) names.set(value.name, modelOutput(name));
    else builder.push('Identity', [value], [modelOutput(name)]);
  }
  const rename = (name: string): string => names.get(name) ?? name;
  const nodes = builder.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
  return { nodes, rename };
}
