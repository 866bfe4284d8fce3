import type { BatchViews, LossResult, Metrics, Need } from '@tether/core';
import type { Tensor } from '@tether/graph';
import { inputsOf, type Points, type Tensors } from '../point.ts';
import { batchPoints, evaluatePart, evaluateScalars, viewsOver, type BatchViewsOptions } from './batchViews.ts';

/** A plugin's loss with its config bound, and inputs besides the batch (networks, state, seed). */
export interface LossUnderTest {
  readonly needs: readonly Need[];
  readonly extra: Points;
  /** 1 for batches of single completions, 2 for pairs; by default as few as it takes. */
  readonly sides?: 1 | 2;
  readonly build: (views: BatchViews, extra: Tensors) => LossResult;
}

export const sidesFor = (needs: readonly Need[]): 1 | 2 => (needs.includes('rejected') ? 2 : 1);

/** All points that a loss is evaluated at. */
export const pointsFor = (
  { needs, extra, sides = sidesFor(needs) }: LossUnderTest,
  options: BatchViewsOptions = {},
): Points => ({
  ...batchPoints({ sides, ...options }),
  ...extra,
});

const POLICY = 'policy/';

/** The same points with the policy equal to the reference, which is where training starts. */
export const atReference = (points: Points): Points =>
  Object.fromEntries(
    Object.entries(points).map(([name, point]) => [
      name,
      name.startsWith(POLICY) ? points[`reference/${name.slice(POLICY.length)}`]! : point,
    ]),
  );

/** The loss over given tensors: those of the batch and the extra ones. */
export const lossOver = ({ needs, build }: LossUnderTest, tensors: Tensors): LossResult =>
  build(viewsOver(tensors, needs).views, tensors);

/** Loss, metrics and gauges under names of their own. */
export function scalarsOf({ loss, gauges = {}, ...means }: LossResult): Record<string, Tensor> {
  return {
    loss,
    ...Object.fromEntries(Object.entries(allMetrics(means)).map(([name, value]) => [`metric ${name}`, value])),
    ...Object.fromEntries(Object.entries(gauges).map(([name, value]) => [`gauge ${name}`, value])),
  };
}

/** Metrics that every batch has and those that not every batch has. */
export const allMetrics = ({
  metrics = {},
  partialMetrics = {},
}: Pick<LossResult, 'metrics' | 'partialMetrics'>): Metrics =>
  Object.assign({}, metrics, ...Object.values(partialMetrics)) as Metrics;

/** Values of loss, metrics and gauges for a batch. */
export function valuesOf(under: LossUnderTest, options: BatchViewsOptions = {}): Record<string, number> {
  const points = pointsFor(under, options);
  return evaluateScalars(points, scalarsOf(lossOver(under, inputsOf(points))));
}

/** Values of arbitrary tensors made from the views of a batch. */
export function evaluateFor(
  under: LossUnderTest,
  make: (tensors: Tensors) => Readonly<Record<string, Tensor>>,
  options: BatchViewsOptions = {},
) {
  const points = pointsFor(under, options);
  return evaluatePart(points, make(inputsOf(points)));
}
