import type { Attributes, Operation } from './operation.ts';
import { formatType, ShapeError, type DType, type Shape } from './types.ts';

/**
 * A symbolic value: one operation applied to other values. Immutable. A graph is what is reachable from its outputs,
 * and `id` grows with creation, so sorting by it is a topological order.
 */
export interface Tensor {
  readonly id: number;
  readonly operation: Operation;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Where in the model it was made, for example `policy/layers.3/attention`. */
  readonly scope: string;
  /** File and line that made it, when `captureSources` is on. */
  readonly source?: string;
}

let nextId = 0;
let currentScope = '';
let capturing = false;
/** The line of the tensor on whose behalf others are made. */
let currentSource: string | undefined;

/** Records the calling line in each tensor, for profiles. Costs time while tracing. */
export function captureSources(on: boolean): void {
  capturing = on;
}

/** Runs `build` with `name` appended to the scope of every tensor made in it. */
export function scope<T>(name: string, build: () => T): T {
  return inScope(currentScope === '' ? name : `${currentScope}/${name}`, build);
}

/** Runs `build` in exactly this scope. */
export function inScope<T>(path: string, build: () => T): T {
  const outer = currentScope;
  currentScope = path;
  try {
    return build();
  } finally {
    currentScope = outer;
  }
}

/**
 * Runs `build` in the scope of a tensor that was made before, with `suffix` behind it: what is made is traced to that
 * tensor's line.
 */
export function onBehalfOf<T>(node: Tensor, suffix: string, build: () => T): T {
  const outer = currentSource;
  currentSource = node.source;
  try {
    return inScope(node.scope + suffix, build);
  } finally {
    currentSource = outer;
  }
}

function callerLine(): string | undefined {
  const lines = new Error().stack?.split('\n').slice(1) ?? [];
  const line = lines.find((text) => !/packages\/graph\/(src|dist)\/(tensor|grad|operations)/.test(text));
  return line?.replace(/^\s*at /, '');
}

/** Applies an operation. Throws ShapeError naming the operation and its input types when they do not fit. */
export function apply<A>(operation: Operation<string, A>, inputs: readonly Tensor[], attributes: A): Tensor {
  let type;
  try {
    type = operation.type(inputs, attributes);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const place = currentScope === '' ? '' : ` in ${currentScope}`;
    throw new ShapeError(`${operation.name}(${inputs.map(formatType).join(', ')})${place}: ${error.message}`);
  }
  const source = currentSource ?? (capturing ? callerLine() : undefined);
  return {
    id: nextId++,
    // The attribute type is erased here; `Operation` records are only ever called with their own attributes.
    operation: operation as unknown as Operation,
    inputs,
    attributes: attributes as Attributes,
    dtype: type.dtype,
    shape: type.shape,
    scope: currentScope,
    ...(source === undefined ? {} : { source }),
  };
}

/** The same operation on other inputs of the same types, as a new value. */
export const withInputs = (node: Tensor, inputs: readonly Tensor[]): Tensor => ({ ...node, id: nextId++, inputs });
