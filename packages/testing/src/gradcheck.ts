import {
  checkGradients,
  sizeOf,
  uniformNumbers,
  type DType,
  type GradientCheckOptions,
  type Shape,
  type Tensor,
} from '@tether/graph';
import { makePoint, randomBooleans, randomIntegers, type Point, type Points, type Tensors } from './point.ts';

/** An input of a function under test: random numbers of a range, or given ones. */
export interface GradcheckInput {
  readonly shape: Shape;
  /** f32 by default. */
  readonly dtype?: DType;
  /** [low, high) of random numbers; [−1, 1) by default, [0, 2) for integers. */
  readonly range?: readonly [low: number, high: number];
  /** Given numbers instead of random ones. */
  readonly data?: ArrayLike<number>;
}

export type GradcheckInputs = Readonly<Record<string, GradcheckInput>>;

export interface GradcheckOptions extends GradientCheckOptions {
  /** Chooses the random inputs, too. */
  readonly seed?: number;
}

function pointFor({ shape, dtype = 'f32', range, data }: GradcheckInput, seed: number): Point {
  if (data !== undefined) return dtype === 'f32' ? { dtype, shape, data } : makePoint(dtype, shape, data);
  if (dtype === 'bool') return randomBooleans(shape, seed);
  const [low, high] = range ?? (dtype === 'i32' ? [0, 2] : [-1, 1]);
  if (dtype === 'i32') return randomIntegers(shape, seed, low, high);
  return { dtype, shape, data: uniformNumbers(sizeOf(shape), seed, low, high) };
}

/** Random points for the inputs, all from one seed. */
export const pointsFor = (inputs: GradcheckInputs, seed: number): Points =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, given], index) => [name, pointFor(given, seed + 7919 * index)]),
  );

/** `gradcheck` at given points. */
export function gradcheckPoints(
  build: (tensors: Tensors) => Tensor,
  points: Points,
  options?: GradientCheckOptions,
): void {
  const mismatches = checkGradients(build, points, options);
  if (mismatches.length === 0) return;
  const lines = mismatches.map(
    ({ input, where, analytic, numeric }) =>
      `  ${input}, ${where}: grad gives ${analytic}, differences give ${numeric}`,
  );
  throw new Error(`${mismatches.length} derivatives disagree with central differences:\n${lines.join('\n')}`);
}

/**
 * Checks that `grad` of a function agrees with central differences in float64.
 *
 * ```ts
 * gradcheck(({ x, weight }) => matmul(x!, weight!), { x: { shape: [2, 3] }, weight: { shape: [3, 4] } });
 * ```
 *
 * @param build  the function, from its inputs by name; its output may have any shape
 * @param inputs choose ranges away from kinks and ties: a central difference across one is wrong
 * @throws Error listing every derivative that differs, with both numbers
 */
export function gradcheck(
  build: (tensors: Tensors) => Tensor,
  inputs: GradcheckInputs,
  options: GradcheckOptions = {},
): void {
  gradcheckPoints(build, pointsFor(inputs, options.seed ?? 1), options);
}
