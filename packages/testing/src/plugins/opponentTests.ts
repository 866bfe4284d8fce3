import type { Opponent, OpponentResult } from '@tether/core';
import { formatType, grad, mul, reduceSum, type Tensor } from '@tether/graph';
import { expect } from 'vitest';
import { gradcheckPoints } from '../gradcheck.ts';
import { inputsOf, type Point, type Points, type Tensors } from '../point.ts';
import type { SuiteTest } from '../skips.ts';
import { batchPoints, evaluatePart, evaluateScalars, viewsOver, type BatchViewsOptions } from './batchViews.ts';
import { expectSame, isFinitePoint, summed, withoutGauges } from './lossTests.ts';
import { scalarsOf, sidesFor } from './lossUnderTest.ts';
import {
  contextOver,
  KEY,
  networkPoints,
  parameterNames,
  withState,
  type RegularizerUnderTest,
} from './regularizerNetworks.ts';
import type { TestRow } from './rows.ts';

type Make = () => RegularizerUnderTest;

const ROWS: readonly TestRow[] = [{ content: 0 }, { content: 1 }];

/** Each tensor is probed at this many elements, and along random directions, which see all of it. */
const PROBES = 2;

const needsOf = ({ plugin, config }: RegularizerUnderTest) => plugin.needs(config);

function opponentOf({ plugin }: RegularizerUnderTest): Opponent<unknown> {
  if (plugin.opponent === undefined) throw new Error(`${plugin.name} has no opponent`);
  return plugin.opponent;
}

const pointsOf = (under: RegularizerUnderTest, options: BatchViewsOptions = {}): Points => ({
  ...batchPoints({ rows: ROWS, sides: sidesFor(needsOf(under)), ...options }),
  ...networkPoints(under),
});

const resultOver = (under: RegularizerUnderTest, tensors: Tensors): OpponentResult =>
  opponentOf(under).loss(contextOver(under, viewsOver(tensors, needsOf(under)).views, tensors));

const STATE = 'state ';

/** Values of the loss, and of the state that the opponent returns. */
function evaluateOpponent(under: RegularizerUnderTest, points: Points): { loss: number; state: Record<string, Point> } {
  const { loss, state = {} } = resultOver(under, inputsOf(points));
  const named = Object.fromEntries(Object.entries(state).map(([name, value]) => [`${STATE}${name}`, value]));
  const values = evaluatePart(points, { loss, ...named });
  return {
    loss: values['loss']!.data[0]!,
    state: Object.fromEntries(Object.keys(state).map((name) => [name, values[`${STATE}${name}`]!])),
  };
}

/** Values of its loss, metrics and gauges. */
function scalarsAt(under: RegularizerUnderTest, points: Points): Record<string, number> {
  return evaluateScalars(points, scalarsOf(resultOver(under, inputsOf(points))));
}

const squareSum = (x: Tensor): Tensor => reduceSum(mul(x, x));

function lossTests(test: SuiteTest, make: Make): void {
  test('opponent: gives a finite scalar loss', () => {
    const under = make();
    const { loss } = resultOver(under, inputsOf(pointsOf(under)));
    expect(formatType(loss)).toBe('f32[]');
    expect(evaluateOpponent(under, pointsOf(under)).loss).toSatisfy(Number.isFinite);
  });
  test('opponent: its loss depends on its own parameters', () => {
    const under = make();
    const points = pointsOf(under);
    const tensors = inputsOf(points);
    const parameters = parameterNames(under).map((name) => tensors[name]!);
    const gradients = grad(resultOver(under, tensors).loss, parameters);
    const squares = Object.fromEntries(gradients.map((gradient, index) => [`${index}`, squareSum(gradient)]));
    const values = Object.values(evaluatePart(points, squares)).map(({ data }) => data[0]!);
    expect(values.every(Number.isFinite)).toBe(true);
    expect(values.some((value) => value > 0)).toBe(true);
  });
  test('opponent: its parameters’ gradient is what central differences give', () => {
    const under = make();
    gradcheckPoints((tensors) => resultOver(under, tensors).loss, pointsOf(under), {
      wrt: parameterNames(under),
      mostElements: PROBES,
    });
  });
  test('opponent: has a positive learning rate', () => {
    const under = make();
    expect(opponentOf(under).optimizer(under.config).learningRateRatio).toBeGreaterThan(0);
  });
  test('opponent: gives finite scalar metrics that start with the regularizer’s key', () => {
    const under = make();
    const { metrics = {}, gauges = {} } = resultOver(under, inputsOf(pointsOf(under)));
    const all = Object.entries({ ...metrics, ...gauges });
    expect(all.filter(([name, { shape }]) => shape.length > 0 || !name.startsWith(`${KEY}/`))).toEqual([]);
    const values = Object.entries(scalarsAt(under, pointsOf(under)));
    expect(values.filter(([, value]) => !Number.isFinite(value))).toEqual([]);
  });
}

/** The numbers of a state, each under a name of its own. */
const flatState = (state: Readonly<Record<string, Point>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(state).flatMap(([name, { data }]) => Array.from(data, (x, at) => [`${name} ${at}`, x] as const)),
  );

function rowTests(test: SuiteTest, make: Make): void {
  test('opponent: does not depend on the order of rows', () => {
    const under = make();
    const [plain, reversed] = [ROWS, ROWS.toReversed()].map((rows) => pointsOf(under, { rows })) as [Points, Points];
    expectSame(scalarsAt(under, reversed), scalarsAt(under, plain));
    expectSame(flatState(evaluateOpponent(under, reversed).state), flatState(evaluateOpponent(under, plain).state));
  });
  test('opponent: adds up: micro-batches sum to the whole batch', () => {
    const under = make();
    const valuesOf = (rows: readonly TestRow[]): Record<string, number> =>
      withoutGauges(scalarsAt(under, pointsOf(under, { rows, wholeBatch: ROWS })));
    expectSame(summed(valuesOf(ROWS.slice(0, 1)), valuesOf(ROWS.slice(1))), valuesOf(ROWS));
  });
}

function stateTests(test: SuiteTest, make: Make): void {
  test('opponent: returns only state that it declared, of the declared type', () => {
    const under = make();
    const { state = {} } = resultOver(under, inputsOf(pointsOf(under)));
    const declared = Object.entries(under.spec.state).map(([name, { shape }]) => [
      name,
      formatType({ dtype: 'f32', shape }),
    ]);
    const types = Object.fromEntries(declared) as Record<string, string>;
    expect(Object.entries(state).filter(([name, value]) => types[name] !== formatType(value))).toEqual([]);
  });
  test('opponent: its state stays finite over steps', () => {
    const under = make();
    let points = pointsOf(under);
    for (let step = 0; step < 3; step++) {
      const { loss, state } = evaluateOpponent(under, points);
      expect(loss).toSatisfy(Number.isFinite);
      expect(Object.entries(state).filter(([, point]) => !isFinitePoint(point))).toEqual([]);
      points = withState(points, state);
    }
  });
  test('opponent: ignores the contents of filler rows', () => {
    const under = make();
    const withFiller = (content: number): Points => pointsOf(under, { rows: [...ROWS, { content, isFiller: true }] });
    expect(evaluateOpponent(under, withFiller(7))).toEqual(evaluateOpponent(under, withFiller(10)));
  });
}

/** What holds for the second player of an adversarial regularizer. */
export function opponentTests(test: SuiteTest, make: Make): void {
  lossTests(test, make);
  rowTests(test, make);
  stateTests(test, make);
}
