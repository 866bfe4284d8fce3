import { concat, constant, reshape, type Tensor } from '@tether/graph';
import type { LossResult, Presence } from '../contracts/index.ts';
import type { BatchCounts } from './batchInputs.ts';

/** How a scalar behaves over the micro-batches of one step. */
export type ReadingKind = 'metric' | 'gauge';

interface Reading {
  readonly name: string;
  readonly kind: ReadingKind;
  /** Left out of steps that have none of it. */
  readonly of?: Presence;
}

/** Names and kinds of the scalars in a step's readings vector, in its order. */
export type ReadingLayout = readonly Reading[];

/** Collects the scalars of a step; they leave the device as one vector. */
export class Readings {
  readonly #scalars = new Map<string, { readonly reading: Reading; readonly value: Tensor }>();

  #add(reading: Reading, value: Tensor): void {
    const { name } = reading;
    if (value.shape.length !== 0) throw new Error(`metric "${name}" is not a scalar`);
    if (this.#scalars.has(name)) throw new Error(`two plugins of this run report the metric "${name}"`);
    this.#scalars.set(name, { reading, value });
  }

  /** A mean by the batch's counts: summed over micro-batches. */
  metric(name: string, value: Tensor): void {
    this.#add({ name, kind: 'metric' }, value);
  }

  /** A reading of which the last micro-batch's counts. */
  gauge(name: string, value: Tensor): void {
    this.#add({ name, kind: 'gauge' }, value);
  }

  addAll({ metrics = {}, partialMetrics = {}, gauges = {} }: Omit<LossResult, 'loss'>): void {
    for (const [name, value] of Object.entries(metrics)) this.metric(name, value);
    for (const of of Object.keys(partialMetrics) as Presence[]) {
      for (const [name, value] of Object.entries(partialMetrics[of]!)) this.#add({ name, kind: 'metric', of }, value);
    }
    for (const [name, value] of Object.entries(gauges)) this.gauge(name, value);
  }

  get layout(): ReadingLayout {
    return [...this.#scalars.values()].map(({ reading }) => reading);
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

type Presences = Pick<BatchCounts, 'sideRows' | 'pairs'>;

const IS_PRESENT: Readonly<Record<Presence, (counts: Presences) => boolean>> = {
  chosen: ({ sideRows: [chosen = 0] }) => chosen > 0,
  rejected: ({ sideRows: [, rejected = 0] }) => rejected > 0,
  bothSides: ({ sideRows: [chosen = 0, rejected = 0] }) => chosen > 0 && rejected > 0,
  pairs: ({ pairs }) => pairs > 0,
};

/**
 * Adds up the readings of a step's micro-batches: metrics are summed, of gauges the last one counts. By name, since the
 * micro-batch that completes a step reads more than the others. Metrics of what the step has none of are left out.
 *
 * @param counts over all the micro-batches
 */
export function combineReadings(parts: readonly ReadingVector[], counts: Presences): Record<string, number> {
  const combined: Record<string, number> = {};
  for (const { layout, vector } of parts) {
    for (const [index, { name, kind, of }] of layout.entries()) {
      if (of !== undefined && !IS_PRESENT[of](counts)) continue;
      const value = vector[index]!; // as long as its layout
      combined[name] = kind === 'gauge' ? value : (combined[name] ?? 0) + value;
    }
  }
  return combined;
}
