import { defineOperation } from '../operation.ts';
import { apply, type Tensor } from '../tensor.ts';

export const barrierOperation = defineOperation<'barrier'>({
  name: 'barrier',
  type: ([x]) => x!,
  gradient: ({ outputGradient }) => [outputGradient, undefined],
});

/**
 * The value of x, but a node of its own that depends on `after`: recomputation behind a barrier is not merged with the
 * first computation, and starts only when `after` is there. What rematerialization is built on.
 */
export const barrier = (x: Tensor, after: Tensor): Tensor => apply(barrierOperation, [x, after], {});

export const stopGradientOperation = defineOperation<'stopGradient'>({
  name: 'stopGradient',
  type: ([x]) => x!,
  gradient: 'none',
  decompose: ([x]) => x!,
});

/** The value of x, through which no gradient flows. */
export const stopGradient = (x: Tensor): Tensor => apply(stopGradientOperation, [x], {});

/** Maps the gradient of an output to the gradients of the chosen inputs (undefined where none flows). */
export type Pullback = (outputGradient: Tensor) => readonly (Tensor | undefined)[];

export const withGradientOperation = defineOperation<'withGradient', { pullback: Pullback }>({
  name: 'withGradient',
  type: ([output]) => output!,
  gradient: ({ attributes, outputGradient }) => [undefined, ...attributes.pullback(outputGradient)],
  decompose: ([output]) => output!,
});

/**
 * The value `output`, with a hand-derived gradient: `pullback` gives the gradient of each of `inputs`, and what
 * `output` was computed from is not differentiated.
 */
export const withGradient = (output: Tensor, inputs: readonly Tensor[], pullback: Pullback): Tensor =>
  apply(withGradientOperation, [output, ...inputs], { pullback });
