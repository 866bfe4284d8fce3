import { sameShape } from '@tether/graph';
import { modelInput, modelOutput } from './emit.ts';
import type { OnnxModel, OnnxNode } from './onnx/model.ts';

/** Operators that read element i of their first-shape operands before they write element i, and nothing else. */
export const ELEMENTWISE: ReadonlySet<string> = new Set(
  'Add Sub Mul Div Min Max Neg Exp Log Sqrt Reciprocal Tanh Sigmoid Abs Sign Floor Where Identity'.split(' '),
);
/** Operators whose result may be their first operand's memory under another shape. */
export const ALIASING: ReadonlySet<string> = new Set(['Reshape', 'Identity']);

/** Nodes by what they read and make. */
interface Index {
  readonly maker: ReadonlyMap<string, OnnxNode>;
  readonly readers: ReadonlyMap<string, readonly OnnxNode[]>;
}

function indexNodes({ nodes }: OnnxModel): Index {
  const maker = new Map<string, OnnxNode>();
  const readers = new Map<string, OnnxNode[]>();
  for (const node of nodes) {
    for (const output of node.outputs) maker.set(output, node);
    for (const input of new Set(node.inputs)) readers.set(input, [...(readers.get(input) ?? []), node]);
  }
  return { maker, readers };
}

/** Everything that must have run before `node` starts. */
function ancestorsOf(node: OnnxNode, { maker }: Index): ReadonlySet<OnnxNode> {
  const ancestors = new Set<OnnxNode>();
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const input of next.inputs) {
      const source = maker.get(input);
      if (source === undefined || ancestors.has(source)) continue;
      ancestors.add(source);
      pending.push(source);
    }
  }
  return ancestors;
}

/** Nodes that read the memory of `name`, also through values that may share it. */
function readersOf(name: string, index: Index): OnnxNode[] {
  return (index.readers.get(name) ?? []).flatMap((node) =>
    ALIASING.has(node.operator) && node.inputs[0] === name
      ? [node, ...node.outputs.flatMap((output) => readersOf(output, index))]
      : [node],
  );
}

/**
 * The donations (output → input) that cannot change a number: when the output's last operator starts, every other
 * reader of the input has finished, because the operator depends on it; and the operator itself, where it reads the
 * input, does so element by element. The others get memory of their own.
 */
export function safeDonations(model: OnnxModel, donations: ReadonlyMap<string, string>): Map<string, string> {
  const index = indexNodes(model);
  const taken = new Set<string>();
  const shapes = new Map([...model.inputs, ...model.outputs].map(({ name, shape }) => [name, shape]));
  const isSafe = (output: string, input: string): boolean => {
    const last = index.maker.get(output);
    if (last === undefined || !shapes.has(input) || !sameShape(shapes.get(output)!, shapes.get(input)!)) return false;
    const before = ancestorsOf(last, index);
    return readersOf(input, index).every(
      (reader) => before.has(reader) || (reader === last && ELEMENTWISE.has(last.operator)),
    );
  };
  return new Map(
    [...donations].filter(([output, input]) => {
      if (taken.has(input) || !isSafe(modelOutput(output), modelInput(input))) return false;
      taken.add(input);
      return true;
    }),
  );
}
