import { concat, pad } from '../operations/slicing.ts';
import type { Tensor } from '../tensor.ts';
import { sameShape } from '../types.ts';

/** A part start … limit − 1 of one axis, with zeros around. */
interface PaddedPart {
  readonly part: Tensor;
  readonly axis: number;
  readonly start: number;
  readonly limit: number;
}

function paddedPart(tensor: Tensor): PaddedPart | undefined {
  if (tensor.operation.name !== 'pad' || tensor.attributes['value'] !== 0) return undefined;
  const low = tensor.attributes['low'] as readonly number[]; // by `padOperation`
  const high = tensor.attributes['high'] as readonly number[];
  const [axis, ...others] = [...low.keys()].filter((index) => low[index]! + high[index]! > 0);
  if (axis === undefined || others.length > 0) return undefined;
  const part = tensor.inputs[0]!;
  return { part, axis, start: low[axis]!, limit: low[axis]! + part.shape[axis]! };
}

/** The tensors that x is joined of along the axis. */
const piecesOf = (x: Tensor, axis: number): readonly Tensor[] =>
  x.operation.name === 'concat' && x.attributes['axis'] === axis ? x.inputs : [x];

/**
 * The sum of two parts that lie side by side, each with zeros around, as one part: gradients of slices of one tensor come
 * so, and are joined instead of being added up at full size. Undefined for anything else.
 */
export function joinPadded(a: Tensor, b: Tensor): Tensor | undefined {
  const [x, y] = [paddedPart(a), paddedPart(b)];
  if (x === undefined || y === undefined || x.axis !== y.axis || !sameShape(a.shape, b.shape)) return undefined;
  const { axis } = x;
  if (x.limit !== y.start && y.limit !== x.start) return undefined;
  const [first, second] = x.limit === y.start ? [x, y] : [y, x];
  const joined = concat([...piecesOf(first.part, axis), ...piecesOf(second.part, axis)], axis);
  const [before, after] = [first.start, a.shape[axis]! - second.limit];
  if (before + after === 0) return joined;
  const only = (count: number): number[] => a.shape.map((_, index) => (index === axis ? count : 0));
  return pad(joined, only(before), only(after), 0);
}
