import { linearRegression, median as middle } from 'simple-statistics';

export const median = (values: readonly number[]): number => middle([...values]);

/** k of y ∝ x^k: the slope of the least-squares line through the logarithms. */
export const fitExponent = (points: readonly (readonly [x: number, y: number])[]): number =>
  linearRegression(points.map(([x, y]) => [Math.log(x), Math.log(y)])).m;
