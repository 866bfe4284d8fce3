import { erfOf } from '@tether/graph';

/** The error function is 1 in f32 from here on. */
const LIMIT = 4;
const POINTS_PER_UNIT = 64;

/** erf and its slope 2/√π · exp(−x²) at the grid points of [0, LIMIT]. */
const GRID = Array.from({ length: LIMIT * POINTS_PER_UNIT + 1 }, (_, index) => index / POINTS_PER_UNIT);
const VALUES = Float64Array.from(GRID, erfOf);
const SLOPES = Float64Array.from(GRID, (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x));

/**
 * The error function to some 1e-8 of itself, from its Taylor series of third order around the nearest grid point x₀:
 * erf(x₀ + d) ≈ erf(x₀) + erf′(x₀)·(d − x₀·d² + (2x₀² − 1)/3·d³). The kernels of `wasm` and `cpu` are good to 1e-7 of 1,
 * which is too little for small numbers.
 */
export function erfFast(x: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude < LIMIT)) return Number.isNaN(x) ? x : Math.sign(x);
  const index = Math.round(magnitude * POINTS_PER_UNIT);
  const at = index / POINTS_PER_UNIT;
  const d = magnitude - at;
  const series = d * (1 + d * (-at + (d * (2 * at * at - 1)) / 3));
  return Math.sign(x) * (VALUES[index]! + SLOPES[index]! * series);
}
