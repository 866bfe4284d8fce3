import { mixWord, sizeOf, type Shape } from '@tether/graph';
import { layoutOf } from '../tensor.ts';
import type { Value } from '../engines/engine.ts';
import type { Lowering, LoweringContext } from './context.ts';

const upload = ({ engine, node }: LoweringContext, data: ArrayLike<number>, shape: Shape): Value => {
  const layout = layoutOf(node.dtype);
  return engine.upload(layout.from(data), shape, layout.dtype);
};

/** One number for all elements stays a scalar. */
export const constant: Lowering<{ data: ArrayLike<number>; shape: Shape }> = ({ data, shape }, context) =>
  upload(context, data, data.length === 1 ? [] : shape);

/** 0 … extent−1 along its axis, not repeated along the others. */
export const iota: Lowering<{ shape: Shape; axis: number }> = ({ shape, axis }, context) => {
  const extent = shape[axis]!;
  const range = Int32Array.from({ length: extent }, (_, index) => index);
  return upload(
    context,
    range,
    shape.slice(axis).map((_, index) => (index === 0 ? extent : 1)),
  );
};

const GOLDEN_RATIO = 0x9e3779b9;

/**
 * Counter-based random words, bit for bit those of `randomWord`: made here and uploaded, because the engines multiply
 * integers differently beyond 2²⁴ and have no shifts in common.
 */
export const randomBits: Lowering<{ shape: Shape; stream: number }> = ({ shape, stream }, context) => {
  const seed = mixWord(context.inputs[0]!.dataSync()[0]!);
  const stir = mixWord((stream + GOLDEN_RATIO) | 0);
  const words = new Int32Array(sizeOf(shape));
  for (let counter = 0; counter < words.length; counter++) {
    words[counter] = mixWord((mixWord((counter + seed) | 0) + stir) | 0) >>> 8;
  }
  return context.engine.upload(words, shape, 'int32');
};
