import { optimize, traceGraph, type Tensor } from '@tether/graph';
import { emitModel } from '../emit.ts';
import { lowerings } from '../lower/index.ts';
import type { OnnxModel } from '../onnx/model.ts';

export type Outputs = Readonly<Record<string, Tensor>>;

/** The model that the backend makes of a graph. */
export const modelOf = (outputs: Outputs): OnnxModel =>
  emitModel(optimize(traceGraph(outputs), Object.keys(lowerings)));

/** Operators of a model in order, without the readers that pin the order. */
export const operatorsOf = (model: OnnxModel): string[] =>
  model.nodes.filter(({ outputs }) => !outputs[0]?.startsWith('pin ')).map(({ operator }) => operator);
