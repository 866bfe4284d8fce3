import { concat, constant, reshape, type Tensor } from '@tether/graph';
import type { Metrics } from '../contracts/index.ts';

/** How a scalar behaves over the micro-batches of one step. */
export type ReadingKind = 'metric' | 'gauge';

/** Names and kinds of the scalars in a step's readings vector, in its order. */
export type ReadingLayout = readonly { readonly name: string; readonly kind: ReadingKind }[];

/** Collects the scalars of a step; they leave the device as one vector. */
export class Readings {
  readonly #scalars = new Map<string, { kind: ReadingKind; value: Tensor }>();

  #add(name: string, kind: ReadingKind, value: Tensor): void {
    if (value.shape.length !== 0) throw new Error(`metric "${name}" is not a scalar`);
    if (this.#scalars.has(name)) throw new Error(`two plugins of this run report the metric "${name}"`);
    this.#scalars.set(name, { kind, value });
  }

  /** A mean by the batch's counts: summed over micro-batches. */
  metric(name: string, value: Tensor): void {
    this.#add(name, 'metric', value);
  }

  /** A reading of which the last micro-batch's counts. */
  gauge(name: string, value: Tensor): void {
    this.#add(name, 'gauge', value);
  }

  addAll({ metrics = {}, gauges = {} }: { readonly metrics?: Metrics; readonly gauges?: Metrics }): void {
    for (const [name, value] of Object.entries(metrics)) this.metric(name, value);
    for (const [name, value] of Object.entries(gauges)) this.gauge(name, value);
  }

  get layout(): ReadingLayout {
    return [...this.#scalars].map(([name, { kind }]) => ({ name, kind }));
  }

  /** All values as one f32 vector in the order of `layout`. */
  vector(): Tensor {
    const values = [...this.#scalars.values()].map(({ value }) => reshape(value, [1]));
    return values.length === 0 ? constant(0, 'f32', [1]) : concat(values, 0);
  }
}

/** The readings of one micro-batch, as they left the device. */
export interface ReadingVector {
  readonly layout: ReadingLayout;
  readonly vector: ArrayLike<number>;
}

/**
 * Adds up the readings of a step's micro-batches: metrics are summed, of gauges the last one counts. By name, since the
 * micro-batch that completes a step reads more than the others.
 */
export function combineReadings(parts: readonly ReadingVector[]): Record<string, number> {
  const combined: Record<string, number> = {};
  for (const { layout, vector } of parts) {
    for (const [index, { name, kind }] of layout.entries()) {
      const value = vector[index]!; // as long as its layout
      combined[name] = kind === 'gauge' ? value : (combined[name] ?? 0) + value;
    }
  }
  return combined;
}
