import { hostTensor, names, type HostTensor, type RegularizerUse } from '@tether/core';
import { plugin as ganpo, type GanpoConfig } from '@tether/regularizer-ganpo';

/** How ganpo's goldens describe their discriminators. */
export interface DiscriminatorGolden {
  readonly discriminator: {
    readonly pooling: 'masked' | 'published';
    readonly width: number;
    readonly layers: number;
    readonly heads: number;
    readonly max_positions: number;
    readonly dropout: number;
  };
  readonly tensors: readonly TensorEntry[];
}

/** A tensor of a discriminator, whose initial values follow from its index, shape and kind. */
export interface TensorEntry {
  readonly index: number;
  readonly network: string;
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: 'unit' | 'positions' | 'norm' | 'bias' | 'matrix';
}

/** A 32-bit integer hash of (tensor index, flat index) as a number in [−1, 1); see tools/goldens/conventions.md. */
export function hashedUniform(tensor: number, index: number): number {
  let x = (index + Math.imul(0x9e3779b1, tensor + 1)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  x ^= x >>> 16;
  return (2 * (x >>> 0)) / 2 ** 32 - 1;
}

const SCALES: Readonly<Record<TensorEntry['kind'], (r: Float64Array, shape: readonly number[]) => Float64Array>> = {
  unit: (r) => r.map((value) => value / Math.hypot(...r)),
  positions: (r) => r.map((value) => 0.02 * Math.sqrt(3) * value),
  norm: (r) => r.map((value) => 1 + 0.02 * value),
  bias: (r) => r.map((value) => 0.02 * value),
  matrix: (r, [rows, columns]) => r.map((value) => Math.sqrt(6 / (rows! + columns!)) * value),
};

export function initialValues({ index, shape, kind }: TensorEntry): Float64Array {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return SCALES[kind](
    Float64Array.from({ length: size }, (_, flat) => hashedUniform(index, flat)),
    shape,
  );
}

/** PyTorch's classic spectral norm keeps the weight as `weight_orig`. */
export const ourName = (network: string, name: string): string => `${network}.${name.replace('weight_orig', 'weight')}`;
const isState = (name: string): boolean => /weight_[uv]$/.test(name);

/** The regularizer as the golden was made with it. */
export function ganpoUse({ discriminator }: DiscriminatorGolden): RegularizerUse {
  const { pooling, width, layers, heads, max_positions, dropout } = discriminator;
  const options: Partial<GanpoConfig> = { pooling, width, layers, heads, max_positions, dropout };
  return { key: 'ganpo', plugin: ganpo, config: ganpo.config.parse(options) };
}

/** The networks' initial tensors by the names that the step gives them. */
export function networkValues({ tensors }: DiscriminatorGolden): Map<string, HostTensor> {
  const values = new Map<string, HostTensor>();
  for (const entry of tensors) {
    const { network, name, shape } = entry;
    const slot = names.network('ganpo', isState(name) ? 'state' : 'parameter', ourName(network, name));
    values.set(slot, hostTensor('f32', shape, initialValues(entry)));
  }
  const scalar = (name: string): void =>
    void values.set(names.network('ganpo', 'state', name), hostTensor('f32', [], Float64Array.of(0)));
  for (const network of ['plus', 'minus']) {
    for (const mean of ['real_good', 'real_bad', 'policy']) scalar(`${network}.mean.${mean}`);
  }
  scalar('updates');
  return values;
}
