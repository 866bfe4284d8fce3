import type { Need } from '@tether/core';
import { grad, printGraph, traceGraph, type Tensor } from '@tether/graph';
import { describe, expect } from 'vitest';
import { inputsOf, type Point, type Tensors } from '../point.ts';
import { gradcheckPoints } from '../gradcheck.ts';
import { evaluatePart, viewsOver, type BatchViewsOptions } from './batchViews.ts';
import {
  atReference,
  evaluateFor,
  lossOver,
  pointsFor,
  scalarsOf,
  valuesOf,
  type LossUnderTest,
} from './lossUnderTest.ts';
import type { TestRow } from './rows.ts';

type Test = (title: string, run: () => void) => void;

/** Relative: sums in another order differ by some units of float64's roundoff, 1e-16. */
const SAME = 1e-12;

const ROWS: readonly TestRow[] = [{ content: 0 }, { content: 1 }, { content: 2 }, { content: 3 }];

const filler = (content: number): TestRow => ({ content, isFiller: true });

/** The same names with the same values, but for roundoff. */
export function expectSame(actual: Readonly<Record<string, number>>, expected: Readonly<Record<string, number>>): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(expected)) {
    const error = Math.abs(actual[name]! - value);
    expect(error, `${name} is ${actual[name]}, not ${value}`).toBeLessThanOrEqual(SAME * Math.max(1, Math.abs(value)));
  }
}

/** Gauges are readings of one forward, and do not add up. */
export const withoutGauges = (values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith('gauge ')));

/** Values of two micro-batches, added up. */
export const summed = (
  first: Readonly<Record<string, number>>,
  second: Readonly<Record<string, number>>,
): Record<string, number> =>
  Object.fromEntries(Object.entries(first).map(([name, value]) => [name, value + second[name]!]));

const isAllZero = ({ data }: Point): boolean => Array.from(data).every((x) => x === 0);

export const isFinitePoint = ({ data }: Point): boolean => Array.from(data).every(Number.isFinite);

type Model = 'policy' | 'reference';

/** A loss's gradients with respect to all inputs of one model, by the inputs' names. */
function gradientsOver(loss: Tensor, model: Model, tensors: Tensors): Record<string, Tensor> {
  const named = Object.entries(tensors).filter(([name]) => name.startsWith(`${model}/`));
  const results = grad(
    loss,
    named.map(([, tensor]) => tensor),
  );
  return Object.fromEntries(named.map(([name], index) => [name, results[index]!]));
}

/** Their values for a batch. */
const gradientsOf = (
  under: LossUnderTest,
  model: Model,
  options: BatchViewsOptions = { rows: ROWS },
): Record<string, Point> =>
  evaluateFor(under, (tensors) => gradientsOver(lossOver(under, tensors).loss, model, tensors), options);

function shapeTests(test: Test, make: () => LossUnderTest): void {
  test('gives a finite scalar loss', () => {
    const under = make();
    const { loss } = lossOver(under, inputsOf(pointsFor(under)));
    expect({ dtype: loss.dtype, shape: loss.shape }).toEqual({ dtype: 'f32', shape: [] });
    expect(valuesOf(under)['loss']).toSatisfy(Number.isFinite);
  });
  test('gives finite scalar metrics', () => {
    const under = make();
    const scalars = scalarsOf(lossOver(under, inputsOf(pointsFor(under))));
    expect(Object.entries(scalars).filter(([, { shape }]) => shape.length > 0)).toEqual([]);
    expect(Object.entries(valuesOf(under)).filter(([, value]) => !Number.isFinite(value))).toEqual([]);
  });
  test('is a pure function: the same views give the same graph', () => {
    const under = make();
    const text = (): string => printGraph(traceGraph(scalarsOf(lossOver(under, inputsOf(pointsFor(under))))));
    expect(text()).toBe(text());
  });
}

function gradientTests(test: Test, make: () => LossUnderTest): void {
  test('depends on the policy', () => {
    const gradients = Object.values(gradientsOf(make(), 'policy'));
    expect(gradients.some((gradient) => !isAllZero(gradient))).toBe(true);
  });
  test('has the gradient that central differences give', () => {
    const under = make();
    const points = pointsFor(under);
    const wrt = Object.keys(points).filter((name) => name.startsWith('policy/'));
    gradcheckPoints((tensors) => lossOver(under, tensors).loss, points, { wrt });
  });
  test('has finite values and gradients where the policy is the reference', () => {
    const under = make();
    const points = atReference(pointsFor(under));
    const tensors = inputsOf(points);
    const result = lossOver(under, tensors);
    const gradients = Object.entries(gradientsOver(result.loss, 'policy', tensors));
    const named = Object.fromEntries(gradients.map(([name, gradient]) => [`gradient by ${name}`, gradient]));
    const values = Object.entries(evaluatePart(points, { ...scalarsOf(result), ...named }));
    expect(values.filter(([, point]) => !isFinitePoint(point)).map(([name]) => name)).toEqual([]);
  });
  test('sends no gradient to the reference', () => {
    const reached = Object.entries(gradientsOf(make(), 'reference')).filter(([, gradient]) => !isAllZero(gradient));
    expect(reached.map(([name]) => name)).toEqual([]);
  });
}

function rowTests(test: Test, make: () => LossUnderTest): void {
  test('ignores filler rows', () => {
    const under = make();
    const plain = valuesOf(under, { rows: ROWS });
    expectSame(valuesOf(under, { rows: [...ROWS, filler(4)] }), plain);
    expectSame(valuesOf(under, { rows: [...ROWS, filler(5), filler(6)] }), plain);
  });
  test('sends no gradient to filler rows', () => {
    const gradients = gradientsOf(make(), 'policy', { rows: [filler(4), filler(5)] });
    const reached = Object.entries(gradients).filter(([, gradient]) => !isAllZero(gradient));
    expect(reached.map(([name]) => name)).toEqual([]);
  });
  test('does not depend on the order of rows', () => {
    const under = make();
    expectSame(valuesOf(under, { rows: ROWS.toReversed() }), valuesOf(under, { rows: ROWS }));
  });
  test('adds up: micro-batches sum to the whole batch', () => {
    const under = make();
    const of = (rows: readonly TestRow[]): Record<string, number> =>
      withoutGauges(valuesOf(under, { rows, wholeBatch: ROWS }));
    expectSame(summed(of(ROWS.slice(0, 1)), of(ROWS.slice(1))), of(ROWS));
  });
  test('ignores what stands at masked places', () => {
    const under = make();
    // The published code of some papers reads padding; a plugin that offers it declares it.
    if (under.needs.includes('paddedViews')) return;
    expectSame(valuesOf(under, { garbage: 1 }), valuesOf(under, { garbage: 2 }));
  });
}

const unpaired = (...sides: readonly (0 | 1)[]): TestRow[] => sides.map((only, content) => ({ content, only }));

/** Batches of unpaired rows with both sides, beside pairs, and of one side alone. */
const UNPAIRED: readonly (readonly TestRow[])[] = [
  unpaired(0, 1, 1, 0),
  [...unpaired(1, 0), { content: 2 }],
  unpaired(0, 0),
  unpaired(1, 1),
];

function unpairedTests(test: Test, make: () => LossUnderTest): void {
  test('takes rows that lack a side: finite values and gradients', () => {
    const under = make();
    for (const rows of UNPAIRED) {
      const values = valuesOf(under, { rows, sides: 2 });
      expect(Object.entries(values).filter(([, value]) => !Number.isFinite(value))).toEqual([]);
      const gradients = Object.values(gradientsOf(under, 'policy', { rows, sides: 2 }));
      expect(gradients.every(isFinitePoint)).toBe(true);
    }
  });
  test('ignores what stands in the place of sides that rows lack', () => {
    const under = make();
    for (const rows of UNPAIRED) {
      expectSame(valuesOf(under, { rows, sides: 2, garbage: 1 }), valuesOf(under, { rows, sides: 2, garbage: 2 }));
    }
  });
}

/** Names of batches by the sides of their rows. */
const KINDS = { 1: 'single completions', 2: 'pairs' } as const;

/** Registers the tests of a loss once for every kind of batch that it has to take: pairs, and without "rejected" both. */
export function lossTestsOfKinds(
  test: Test,
  needs: readonly Need[],
  make: () => LossUnderTest,
  takesUnpaired = false,
  group: (title: string, register: () => void) => void = describe,
): void {
  for (const sides of needs.includes('rejected') ? ([2] as const) : ([1, 2] as const)) {
    group(`of ${KINDS[sides]}`, () => lossTests(test, () => ({ ...make(), sides }), takesUnpaired && sides === 2));
  }
}

/** What holds for the loss of an objective and for the penalty of a regularizer, in batches of one kind. */
function lossTests(test: Test, make: () => LossUnderTest, takesUnpaired = false): void {
  shapeTests(test, make);
  gradientTests(test, make);
  rowTests(test, make);
  if (takesUnpaired) unpairedTests(test, make);
}

/** Declared needs that a loss never reads; reading undeclared ones throws. */
export function unreadNeeds(losses: readonly LossUnderTest[]): string[] {
  const [first] = losses;
  if (first === undefined) return [];
  const read = new Set<string>(['rejected', 'paddedViews', 'weights']); // of shapes and layout; no part of the views
  for (const under of losses) {
    const tensors = inputsOf(pointsFor(under));
    const restricted = viewsOver(tensors, under.needs);
    under.build(restricted.views, tensors);
    for (const need of restricted.read) read.add(need);
  }
  return first.needs.filter((need) => !read.has(need));
}
