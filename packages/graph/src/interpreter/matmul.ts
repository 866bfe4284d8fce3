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
  for (let batch = 0; batch < out.length / (m * n); batch++) {
    for (let i = 0; i < m; i++) {
      const target = (batch * m + i) * n;
      for (let p = 0; p < k; p++) {
        const factor = left[(batch * m + i) * k + p]!;
        const source = (batch * k + p) * n;
        for (let j = 0; j < n; j++) out[target + j]! += factor * right[source + j]!;
      }
    }
  }
  return out;
}
