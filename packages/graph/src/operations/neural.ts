import { defineOperation } from '../operation.ts';
import { apply, type Tensor } from '../tensor.ts';
import { isFloat, ShapeError, type TensorType } from '../types.ts';
import { add, div, erf, exp, mul, pow, sigmoid, sub } from './elementwise.ts';
import { reduceMax } from './extrema.ts';
import { reduceSum, sumToShape } from './layout.ts';

/** Operations with a decomposition that many engines also have as one kernel. All work on the last axis. */

const meanOfLast = (x: Tensor): Tensor => mul(reduceSum(x, [-1], true), 1 / x.shape.at(-1)!);

function floatType([x]: readonly TensorType[]): TensorType {
  if (!isFloat(x!.dtype)) throw new ShapeError('takes floats');
  return x!;
}

export const softmaxOperation = defineOperation<'softmax'>({
  name: 'softmax',
  type: ([x]) => {
    if (x!.shape.length === 0) throw new ShapeError('needs a last axis');
    return floatType([x!]);
  },
  decompose: ([x]) => {
    const exponentials = exp(sub(x!, reduceMax(x!, [-1], true)));
    return div(exponentials, reduceSum(exponentials, [-1], true));
  },
  gradient: ({ output: y, outputGradient: g }) => [mul(y, sub(g, reduceSum(mul(g, y), [-1], true)))],
});

/** exp(x) / Σ exp(x) over the last axis. */
export const softmax = (x: Tensor): Tensor => apply(softmaxOperation, [x], {});

export const siluOperation = defineOperation<'silu'>({
  name: 'silu',
  type: floatType,
  decompose: ([x]) => mul(x!, sigmoid(x!)),
  // σ + x·σ·(1 − σ), from the y = x·σ that a gated block's other gradient reads as well.
  gradient: ({ inputs, output: y, outputGradient: g }) => {
    const s = sigmoid(inputs[0]!);
    return [mul(g, add(sub(y, mul(y, s)), s))];
  },
});

/** x · σ(x), the gate of SwiGLU. */
export const silu = (x: Tensor): Tensor => apply(siluOperation, [x], {});

export const geluOperation = defineOperation<'gelu'>({
  name: 'gelu',
  type: floatType,
  decompose: ([x]) => mul(mul(x!, 0.5), add(erf(mul(x!, Math.SQRT1_2)), 1)),
  gradient: ({ inputs, outputGradient: g }) => {
    const x = inputs[0]!;
    const cumulative = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
    const density = mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [mul(g, add(cumulative, mul(x, density)))];
  },
});

/** x · Φ(x) with the normal distribution's exact Φ (the erf form). */
export const gelu = (x: Tensor): Tensor => apply(geluOperation, [x], {});

export interface EpsilonAttributes {
  readonly epsilon: number;
}

const inverseRootMeanSquare = (x: Tensor, epsilon: number): Tensor => pow(add(meanOfLast(mul(x, x)), epsilon), -0.5);

export const rmsNormOperation = defineOperation<'rmsNorm', EpsilonAttributes>({
  name: 'rmsNorm',
  type: ([x, weight]) => {
    if (weight!.shape.length !== 1 || weight!.shape[0] !== x!.shape.at(-1)) {
      throw new ShapeError('the weight has the size of the last axis');
    }
    return floatType([x!]);
  },
  decompose: ([x, weight], { epsilon }) => mul(mul(x!, inverseRootMeanSquare(x!, epsilon)), weight!),
  gradient: ({ inputs, attributes, outputGradient: g }) => {
    const [x, weight] = inputs as readonly [Tensor, Tensor];
    const scale = inverseRootMeanSquare(x, attributes.epsilon); // [..., 1]
    const normalized = mul(x, scale);
    const weighted = mul(g, weight);
    const dx = mul(scale, sub(weighted, mul(normalized, meanOfLast(mul(weighted, normalized)))));
    return [dx, sumToShape(mul(g, normalized), weight.shape)];
  },
});

/** x / √(mean(x²) + ε) · weight over the last axis (Zhang & Sennrich 2019). */
export const rmsNorm = (x: Tensor, weight: Tensor, epsilon: number): Tensor =>
  apply(rmsNormOperation, [x, weight], { epsilon });

export const layerNormOperation = defineOperation<'layerNorm', EpsilonAttributes>({
  name: 'layerNorm',
  type: ([x, weight, bias]) => {
    const fits = [weight!, bias!].every((p) => p.shape.length === 1 && p.shape[0] === x!.shape.at(-1));
    if (!fits) throw new ShapeError('weight and bias have the size of the last axis');
    return floatType([x!]);
  },
  decompose: ([x, weight, bias], { epsilon }) => {
    const centered = sub(x!, meanOfLast(x!));
    return add(mul(mul(centered, inverseRootMeanSquare(centered, epsilon)), weight!), bias!);
  },
  gradient: ({ inputs, attributes, outputGradient: g }) => {
    const [x, weight, bias] = inputs as readonly [Tensor, Tensor, Tensor];
    const centered = sub(x, meanOfLast(x));
    const scale = inverseRootMeanSquare(centered, attributes.epsilon);
    const normalized = mul(centered, scale);
    const weighted = mul(g, weight);
    const projection = add(meanOfLast(weighted), mul(normalized, meanOfLast(mul(weighted, normalized))));
    return [
      mul(scale, sub(weighted, projection)),
      sumToShape(mul(g, normalized), weight.shape),
      sumToShape(g, bias.shape),
    ];
  },
});

/** (x − mean) / √(variance + ε) · weight + bias over the last axis (Ba et al. 2016). */
export const layerNorm = (x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor =>
  apply(layerNormOperation, [x, weight, bias], { epsilon });
