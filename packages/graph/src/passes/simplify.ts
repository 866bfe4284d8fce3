import type { Graph } from '../graph.ts';
import { represent } from '../numbers.ts';
import { constant, splatValue } from '../operations/source.ts';
import { broadcast, reshape, transpose } from '../operations/layout.ts';
import { matmul, type MatmulAttributes } from '../operations/matmul.ts';
import { joinPadded } from './joinPadded.ts';
import { withInputs, type Tensor } from '../tensor.ts';
import { sameShape } from '../types.ts';
import { rewriteGraph } from './rewrite.ts';

/** Elementwise operations on numbers known when the graph is built. */
function foldConstants(node: Tensor, inputs: readonly Tensor[]): Tensor | undefined {
  const { scalar, integerScalar } = node.operation;
  if (scalar === undefined || inputs.length === 0) return undefined;
  const values = inputs.map((input) => {
    const value = splatValue(input);
    return value === undefined ? undefined : represent[input.dtype](value);
  });
  if (!values.every((value) => value !== undefined)) return undefined;
  const result = node.dtype === 'i32' ? (integerScalar ?? scalar)(...values) : scalar(...values);
  return constant(represent[node.dtype](result), node.dtype, node.shape);
}

const isSplat = (tensor: Tensor | undefined, value: number): boolean =>
  tensor !== undefined && splatValue(tensor) === value;

type Rule = (node: Tensor, inputs: readonly Tensor[]) => Tensor | undefined;

/** x where it already has the node's shape: identities must not undo broadcasting. */
const ifWhole = (node: Tensor, x: Tensor): Tensor | undefined => (sameShape(node.shape, x.shape) ? x : undefined);

/** Exchanges of the last two axes only. */
function isMatrixTranspose(tensor: Tensor): boolean {
  if (tensor.operation.name !== 'transpose') return false;
  const permutation = tensor.attributes['permutation'] as readonly number[]; // by `transposeOperation`
  const rank = permutation.length;
  return permutation.every(
    (axis, index) => axis === (index === rank - 1 ? rank - 2 : index === rank - 2 ? rank - 1 : index),
  );
}

function foldTransposes(node: Tensor, [a, b]: readonly Tensor[]): Tensor | undefined {
  const flags = node.attributes as unknown as MatmulAttributes; // by `matmulOperation`
  const flipA = isMatrixTranspose(a!);
  const flipB = isMatrixTranspose(b!);
  if (!flipA && !flipB) return undefined;
  return matmul(flipA ? a!.inputs[0]! : a!, flipB ? b!.inputs[0]! : b!, {
    transposeA: flags.transposeA !== flipA,
    transposeB: flags.transposeB !== flipB,
  });
}

const RULES: Readonly<Record<string, Rule>> = {
  add: (node, [a, b]) => {
    if (isSplat(b, 0)) return ifWhole(node, a!);
    return isSplat(a, 0) ? ifWhole(node, b!) : joinPadded(a!, b!);
  },
  sub: (node, [a, b]) => (isSplat(b, 0) ? ifWhole(node, a!) : undefined),
  mul: (node, [a, b]) => (isSplat(b, 1) ? ifWhole(node, a!) : isSplat(a, 1) ? ifWhole(node, b!) : undefined),
  div: (node, [a, b]) => (isSplat(b, 1) ? ifWhole(node, a!) : undefined),
  neg: (_, [x]) => (x!.operation.name === 'neg' ? x!.inputs[0] : undefined),
  reshape: (node, [x]) => {
    const value = splatValue(x!);
    if (value !== undefined) return constant(value, node.dtype, node.shape);
    const root = x!.operation.name === 'reshape' ? x!.inputs[0]! : x!;
    return root === x && !sameShape(x.shape, node.shape) ? undefined : reshape(root, node.shape);
  },
  transpose: (node, [x]) => {
    if (x!.operation.name !== 'transpose') return undefined;
    const outer = node.attributes['permutation'] as readonly number[]; // by `transposeOperation`
    const inner = x!.attributes['permutation'] as readonly number[];
    return transpose(
      x!.inputs[0]!,
      outer.map((axis) => inner[axis]!),
    );
  },
  broadcast: (node, [x]) => {
    const value = splatValue(x!);
    if (value !== undefined) return constant(value, node.dtype, node.shape);
    return x!.operation.name === 'broadcast' ? broadcast(x!.inputs[0]!, node.shape) : undefined;
  },
  matmul: foldTransposes,
};

/**
 * One sweep of constant folding and identities: arithmetic on known numbers, x + 0, x · 1, chains of reshapes,
 * transposes and broadcasts, transposes into the flags of a matmul, sums of neighbouring parts padded with zeros. x · 0 stays: it is NaN for infinite x.
 */
export function simplify(graph: Graph): Graph {
  return rewriteGraph(
    graph,
    (node, inputs) =>
      foldConstants(node, inputs) ?? RULES[node.operation.name]?.(node, inputs) ?? withInputs(node, inputs),
  );
}
