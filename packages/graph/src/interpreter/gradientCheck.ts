import { vectorJacobian } from '../grad.ts';
import { traceGraph, type Graph } from '../graph.ts';
import { constant, input } from '../operations/source.ts';
import { mul } from '../operations/elementwise.ts';
import { reduceSum } from '../operations/layout.ts';
import { decompose } from '../passes/decompose.ts';
import type { Tensor } from '../tensor.ts';
import { isFloat, sizeOf, type TensorType } from '../types.ts';
import { interpret } from './evaluate.ts';
import { holdStopped } from './holdStopped.ts';
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
  /** Largest error relative to the derivative, or to a hundredth of the function's value where that is more. */
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
 * below 1e-6 of the derivative, or 1e-8 of f, and a wrong gradient is wrong by far more.
 */
const DEFAULTS = { seed: 1, step: 1e-5, tolerance: 1e-6, mostElements: 64 } as const;

const DIRECTIONS = 4;

/** Derivatives below this share of the function's value are compared absolutely. */
const SMALL_SHARE = 0.01;

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

/** The function contracted to a scalar, and its gradients at the point. */
interface Differentiated {
  readonly loss: Graph;
  readonly gradients: ReadonlyMap<string, Value>;
}

const primitive = (outputs: Readonly<Record<string, Tensor>>): Graph => decompose(traceGraph(outputs), new Set());

function differentiate(
  output: Tensor,
  wrt: Readonly<Record<string, Tensor>>,
  point: ReadonlyMap<string, Value>,
  seed: number,
): Differentiated {
  if (!isFloat(output.dtype)) throw new Error(`a ${output.dtype} output has no gradient`);
  const weights = constant(uniformNumbers(sizeOf(output.shape), seed, 0.5, 1.5), output.dtype, output.shape);
  const results = vectorJacobian(output, Object.values(wrt), weights);
  const backward = primitive(Object.fromEntries(Object.keys(wrt).map((name, index) => [name, results[index]!])));
  return {
    loss: primitive({ loss: reduceSum(mul(holdStopped(output, point), weights)) }),
    gradients: interpret(backward, point),
  };
}

/**
 * Compares `grad` with central differences, (f(x + h·v) − f(x − h·v)) / 2h, in the float64 interpreter. The function may
 * have an output of any shape: it is contracted with fixed random weights. What is behind `stopGradient` is held at its
 * value at the point, as the gradient treats it.
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
  const entries = Object.entries(inputs);
  const wrt = options.wrt ?? entries.flatMap(([name, { dtype }]) => (dtype === 'f32' ? [name] : []));
  const tensors = Object.fromEntries(entries.map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]));
  const point = new Map<string, Value>(
    entries.map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data: numbersOf(dtype, data) }]),
  );
  const wanted = Object.fromEntries(wrt.map((name) => [name, tensors[name]!]));
  const { loss, gradients } = differentiate(build(tensors), wanted, point, seed);
  const lossAt = (values: ReadonlyMap<string, Value>): number => interpret(loss, values).get('loss')!.data[0]!;
  const size = Math.abs(lossAt(point));
  return wrt.flatMap((name, index) => {
    const value = point.get(name)!;
    return probesFor(value.data.length, seed + 101 * index, mostElements).flatMap(({ where, direction }) => {
      const at = (by: number): number => lossAt(new Map(point).set(name, shifted(value, direction, by)));
      const numeric = (at(step) - at(-step)) / (2 * step);
      const analytic = dot(gradients.get(name)!.data, direction);
      const allowed = tolerance * Math.max(SMALL_SHARE * size, Math.abs(analytic), Math.abs(numeric));
      return Math.abs(analytic - numeric) <= allowed ? [] : [{ input: name, where, analytic, numeric }];
    });
  });
}
