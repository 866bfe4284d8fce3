import { vectorJacobian } from '../grad.ts';
import { traceGraph } from '../graph.ts';
import { constant, input } from '../operations/source.ts';
import { mul } from '../operations/elementwise.ts';
import { reduceSum } from '../operations/layout.ts';
import { decompose } from '../passes/decompose.ts';
import type { Tensor } from '../tensor.ts';
import { isFloat, sizeOf, type TensorType } from '../types.ts';
import { interpret } from './evaluate.ts';
import { uniformNumbers } from './uniform.ts';
import { numbersOf, type Value } from './value.ts';

/** An input of a function under test: its type and the point at which to differentiate. */
export interface GradientPoint extends TensorType {
  readonly data: ArrayLike<number>;
}

export interface GradientCheckOptions {
  /** Names of the inputs to differentiate by; by default every f32 input. */
  readonly wrt?: readonly string[];
  /** Chooses the weights of the outputs, and the elements and directions that are probed. */
  readonly seed?: number;
  /** Half the distance of the two points of a central difference. */
  readonly step?: number;
  /** Largest error, relative to max(1, |derivative|). */
  readonly tolerance?: number;
  /** Inputs with more elements are probed at this many random elements and along 4 random directions. */
  readonly mostElements?: number;
}

/** A derivative that central differences do not confirm. */
export interface GradientMismatch {
  readonly input: string;
  /** Which derivative: `element 5` or `direction 2`. */
  readonly where: string;
  readonly analytic: number;
  readonly numeric: number;
}

/**
 * h = 1e-5 leaves a truncation error of h²/6·f‴ ≈ 2e-11·f‴ and a rounding error of about 2e-16/h·|f| = 2e-11·|f|: far
 * below 1e-6 for functions of ordinary size, and a wrong gradient is wrong by far more.
 */
const DEFAULTS = { seed: 1, step: 1e-5, tolerance: 1e-6, mostElements: 64 } as const;

const DIRECTIONS = 4;

/** A change of one input, and its name in messages. */
interface Probe {
  readonly where: string;
  readonly direction: Float64Array;
}

function unitProbe(size: number, element: number): Probe {
  const direction = new Float64Array(size);
  direction[element] = 1;
  return { where: `element ${element}`, direction };
}

function probesFor(size: number, seed: number, mostElements: number): Probe[] {
  if (size <= mostElements) return Array.from({ length: size }, (_, element) => unitProbe(size, element));
  const elements = [...uniformNumbers(mostElements, seed, 0, size)].map(Math.floor);
  const random = Array.from({ length: DIRECTIONS }, (_, index) => ({
    where: `direction ${index}`,
    direction: uniformNumbers(size, seed + index + 1).map((x) => x / Math.sqrt(size)),
  }));
  return [...new Set(elements)].map((element) => unitProbe(size, element)).concat(random);
}

const shifted = (value: Value, direction: Float64Array, by: number): Value => ({
  ...value,
  data: value.data.map((x, index) => x + by * direction[index]!),
});

const dot = (a: ArrayLike<number>, b: Float64Array): number => b.reduce((sum, x, index) => sum + x * a[index]!, 0);

/**
 * Compares `grad` with central differences, (f(x + h·v) − f(x − h·v)) / 2h, in the float64 interpreter. The function may
 * have an output of any shape: it is contracted with fixed random weights.
 *
 * @param build  the function, from its inputs by name
 * @param inputs the point: keep it several h away from kinks and ties
 * @returns what does not agree; empty when all is well
 */
export function checkGradients(
  build: (inputs: Readonly<Record<string, Tensor>>) => Tensor,
  inputs: Readonly<Record<string, GradientPoint>>,
  options: GradientCheckOptions = {},
): GradientMismatch[] {
  const { seed, step, tolerance, mostElements } = { ...DEFAULTS, ...options };
  const wrt = options.wrt ?? Object.keys(inputs).filter((name) => inputs[name]!.dtype === 'f32');
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
  const output = build(tensors);
  if (!isFloat(output.dtype)) throw new Error(`a ${output.dtype} output has no gradient`);
  const weights = constant(uniformNumbers(sizeOf(output.shape), seed, 0.5, 1.5), output.dtype, output.shape);
  const gradients = vectorJacobian(
    output,
    wrt.map((name) => tensors[name]!),
    weights,
  );
  const close = (graphOutputs: Record<string, Tensor>) => decompose(traceGraph(graphOutputs), new Set());
  const loss = close({ loss: reduceSum(mul(output, weights)) });
  const backward = close(Object.fromEntries(wrt.map((name, index) => [name, gradients[index]!])));

  const point = new Map(
    Object.entries(inputs).map(([name, { dtype, shape, data }]): [string, Value] => [
      name,
      { dtype, shape, data: numbersOf(dtype, data) },
    ]),
  );
  const lossAt = (name: string, value: Value): number =>
    interpret(loss, new Map(point).set(name, value)).get('loss')!.data[0]!;
  const analyticGradients = interpret(backward, point);
  return wrt.flatMap((name, index) => {
    const value = point.get(name)!;
    const analyticGradient = analyticGradients.get(name)!.data;
    return probesFor(value.data.length, seed + 101 * index, mostElements).flatMap(({ where, direction }) => {
      const [above, below] = [step, -step].map((by) => lossAt(name, shifted(value, direction, by))) as [number, number];
      const numeric = (above - below) / (2 * step);
      const analytic = dot(analyticGradient, direction);
      const allowed = tolerance * Math.max(1, Math.abs(analytic), Math.abs(numeric));
      return Math.abs(analytic - numeric) <= allowed ? [] : [{ input: name, where, analytic, numeric }];
    });
  });
}
