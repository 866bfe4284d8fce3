import type { MatmulAttributes } from '../operations/matmul.ts';
import type { TensorType } from '../types.ts';
import { allocate, type Numbers, type Value } from './value.ts';

/** Copies a stack of matrices [..., rows, columns] to [..., columns, rows]. */
function flipMatrices(data: Numbers, rows: number, columns: number): Numbers {
  const out = new Float64Array(data.length);
  for (let start = 0; start < data.length; start += rows * columns) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        out[start + column * rows + row] = data[start + row * columns + column]!;
      }
    }
  }
  return out;
}

/**
 * Adds Σ_p factors[p] · rows[p] to one row of the result, where `rows` [K, N] lies at `start`. Four rows at a time, so
 * that each element of the result is read and written a quarter as often.
 */
function addRows(out: Numbers, target: number, n: number, factors: Numbers, rows: Numbers, start: number): void {
  let p = 0;
  for (; p + 3 < factors.length; p += 4) {
    const [a, b, c, d] = [factors[p]!, factors[p + 1]!, factors[p + 2]!, factors[p + 3]!];
    const first = start + p * n;
    for (let j = 0; j < n; j++) {
      const at = first + j;
      out[target + j]! += a * rows[at]! + b * rows[at + n]! + c * rows[at + 2 * n]! + d * rows[at + 3 * n]!;
    }
  }
  for (; p < factors.length; p++) {
    const factor = factors[p]!;
    const first = start + p * n;
    for (let j = 0; j < n; j++) out[target + j]! += factor * rows[first + j]!;
  }
}

/** [..., M, K] × [..., K, N]; the inner loop runs along rows of the second operand and of the result. */
export function matmul(
  { transposeA, transposeB }: MatmulAttributes,
  { shape }: TensorType,
  [a, b]: readonly Value[],
): Numbers {
  const [m, n] = shape.slice(-2) as [number, number]; // rank ≥ 2 by the operation's type rule
  const k = a!.shape.at(transposeA ? -2 : -1)!;
  const left = transposeA ? flipMatrices(a!.data, k, m) : a!.data;
  const right = transposeB ? flipMatrices(b!.data, n, k) : b!.data;
  const out = allocate(shape);
  for (let row = 0; row < out.length / n; row++) {
    const batch = Math.floor(row / m);
    addRows(out, row * n, n, left.subarray(row * k, (row + 1) * k), right, batch * k * n);
  }
  return out;
}
