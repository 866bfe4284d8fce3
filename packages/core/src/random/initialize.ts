import { sizeOf, type Shape } from '@tether/graph';
import type { Initializer, NetworkTensor } from '../contracts/index.ts';
import { hashText, randomNormal, randomUniform } from './counter.ts';

type Fill<Kind extends Initializer['kind']> = (
  initializer: Extract<Initializer, { kind: Kind }>,
  shape: Shape,
  seed: number,
  stream: number,
) => (index: number) => number;

const FILLS: { readonly [Kind in Initializer['kind']]: Fill<Kind> } = {
  constant:
    ({ value }) =>
    () =>
      value,
  normal:
    ({ standardDeviation }, _shape, seed, stream) =>
    (index) =>
      standardDeviation * randomNormal(seed, stream, index),
  xavierUniform: (_, shape, seed, stream) => {
    const bound = Math.sqrt(6 / (shape.at(-1)! + (shape.at(-2) ?? 1)));
    return (index) => bound * (2 * randomUniform(seed, stream, index) - 1);
  },
  unitVector: (_, shape, seed, stream) => {
    let squares = 0;
    for (let index = 0; index < sizeOf(shape); index++) squares += randomNormal(seed, stream, index) ** 2;
    const length = Math.sqrt(squares);
    return (index) => randomNormal(seed, stream, index) / length;
  },
};

/** Values of a fresh tensor: a pure function of the run's seed and the tensor's name. */
export function initialValues(name: string, { shape, initializer }: NetworkTensor, seed: number): Float64Array {
  // The table is indexed by the initializer's own kind, which TypeScript cannot follow through the union.
  const fill = FILLS[initializer.kind] as Fill<Initializer['kind']>;
  const valueAt = fill(initializer, shape, seed, hashText(name));
  return Float64Array.from({ length: sizeOf(shape) }, (_, index) => valueAt(index));
}
