import { sameShape, type Tensor } from '@tether/graph';
import { isOperation, type FusionRule } from './rule.ts';

/** x·cos ∓ y·sin as it stands in the graph. */
interface Turn {
  readonly x: Tensor;
  readonly cos: Tensor;
  readonly y: Tensor;
  readonly sin: Tensor;
}

function turnOf(tensor: Tensor | undefined, name: 'add' | 'sub'): Turn | undefined {
  if (!isOperation(tensor, name)) return undefined;
  const [left, right] = tensor.inputs;
  if (!isOperation(left, 'mul') || !isOperation(right, 'mul')) return undefined;
  const [x, cos] = left.inputs as readonly [Tensor, Tensor];
  const [y, sin] = right.inputs as readonly [Tensor, Tensor];
  return { x, cos, y, sin };
}

/** What the two tensors are the first and second half of, along the last axis. */
function wholeOf(first: Tensor, second: Tensor): Tensor | undefined {
  if (!isOperation(first, 'slice') || !isOperation(second, 'slice')) return undefined;
  const [x] = first.inputs as readonly [Tensor];
  const half = x.shape.at(-1)! / 2;
  const starts = (slice: Tensor) => slice.attributes['starts'] as readonly number[]; // by `sliceOperation`
  const isHalf = (slice: Tensor, start: number): boolean =>
    sameShape(slice.shape, [...x.shape.slice(0, -1), half]) &&
    starts(slice).every((from, axis) => from === (axis === x.shape.length - 1 ? start : 0));
  return second.inputs[0] === x && isHalf(first, 0) && isHalf(second, half) ? x : undefined;
}

/**
 * Rotary position embedding of x [B, A, T, D] with tables [B or 1, 1, T, D/2]: halves (a, b) become
 * (a·cos − b·sin, b·cos + a·sin). Eight passes in primitives, one in the runtime's kernel, which looks tables up by
 * position: here the row of the table itself.
 */
export const rotary: FusionRule = (node) => {
  if (node.operation.name !== 'concat' || node.inputs.length !== 2 || node.shape.length !== 4) return undefined;
  const [low, high] = [turnOf(node.inputs[0], 'sub'), turnOf(node.inputs[1], 'add')];
  if (low === undefined || high === undefined) return undefined;
  const x = wholeOf(low.x, low.y);
  const { cos, sin } = low;
  const isOneTurn = high.x === low.y && high.y === low.x && high.cos === cos && high.sin === sin;
  if (x === undefined || !isOneTurn || !sameShape(x.shape, node.shape)) return undefined;
  const [rows, , length, width] = x.shape as readonly [number, number, number, number];
  const [tableRows] = cos.shape as readonly [number];
  const isTable = [1, rows].includes(tableRows) && sameShape(cos.shape, [tableRows, 1, length, width / 2]);
  if (!isTable || !sameShape(cos.shape, sin.shape)) return undefined;
  const places = Array.from({ length: rows * length }, (_, place) => place % (tableRows * length));
  return {
    inputs: [x, cos, sin],
    lower: ({ builder, whole }) => {
      const table = (index: number) => builder.reshape(whole(index), [tableRows * length, width / 2]);
      const lookups = builder.constant('i64', places, [rows, length]);
      return builder.node('com.microsoft.RotaryEmbedding', [whole(0), lookups, table(1), table(2)], {
        type: 'f32',
        shape: node.shape,
      });
    },
  };
};
