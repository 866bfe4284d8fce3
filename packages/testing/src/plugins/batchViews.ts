import {
  batchInputs,
  batchViews,
  countValues,
  detached,
  hashText,
  linearHead,
  permittedViews,
  readModelOf,
  type BatchShape,
  type BatchViews,
  type CountInputs,
  type MismatchedViews,
  type ModelViews,
  type Need,
} from '@tether/core';
import {
  DIVERGENCE_KINDS,
  distributionDivergence,
  evaluate,
  mul,
  reduceSum,
  reshape,
  stopGradient,
  traceGraph,
  uniformNumbers,
  type DivergenceKind,
  type Tensor,
} from '@tether/graph';
import { inputsOf, numbersByName, type Point, type Points, type Tensors } from '../point.ts';
import { lengthsOf, maskPoints, rowPoint, SMALL, type TestRow, type TestSizes } from './rows.ts';

export interface BatchViewsOptions {
  /** 2 (default) for pairs, 1 for single completions. */
  readonly sides?: 1 | 2;
  /** Rows of this (micro-)batch. Rows of the same content are equal wherever they stand. */
  readonly rows?: readonly TestRow[];
  /** Rows of the whole optimizer batch, which means are taken over; by default those of this batch. */
  readonly wholeBatch?: readonly TestRow[];
  /** What may be read: reading anything else throws. By default everything may. */
  readonly needs?: readonly Need[];
  readonly sizes?: TestSizes;
  /** Changes all numbers at places that hold no real token. */
  readonly garbage?: number;
}

/** A small random batch: symbolic views, and the numbers of all their inputs. */
export interface TestBatch {
  readonly views: BatchViews;
  readonly points: Points;
  /** The views' inputs by name: `policy/*`, `reference/*`, `batch/*`, `count/*`. */
  readonly tensors: Tensors;
  /** Needs that were read so far. */
  readonly read: ReadonlySet<Need>;
}

const EVERY_NEED: readonly Need[] = [
  'rejected',
  'referenceLogps',
  'referencePredictorStates',
  'mismatchedLogps',
  'latents',
  'referenceLatents',
  'paddedViews',
  ...DIVERGENCE_KINDS.map((kind) => `divergence/${kind}` as const),
];

const ROWS: readonly TestRow[] = [{ content: 0 }, { content: 1 }, { content: 2 }];

const LOGPS = { low: -3, high: -0.1 };
const STATES = { low: -1, high: 1 };

/** Numbers of one model's views: `name/logps`, `name/predictorStates`, `name/latents`, `name/head`, `name/mismatched`. */
function modelPoints(name: string, rows: readonly TestRow[], sides: 1 | 2, sizes: TestSizes, garbage: number): Points {
  const { completionLength, viewLength, hiddenSize, vocabularySize } = sizes;
  const isToken = (row: TestRow, side: number, place: number): boolean =>
    place < lengthsOf(row, side, sizes).completion;
  const isViewed = (row: TestRow, side: number, place: number): boolean => place < lengthsOf(row, side, sizes).view;
  const point = (field: string, places: readonly [number, ...number[]], range: typeof STATES, isReal: typeof isToken) =>
    rowPoint(`${name}/${field}`, rows, sides, places, range, isReal, garbage);
  const head: Point = {
    dtype: 'f32',
    shape: [vocabularySize, hiddenSize],
    data: uniformNumbers(vocabularySize * hiddenSize, hashText(`${name}/head`)),
  };
  return {
    [`${name}/logps`]: point('logps', [completionLength], LOGPS, isToken),
    [`${name}/predictorStates`]: point('predictorStates', [completionLength, hiddenSize], STATES, isToken),
    [`${name}/latents`]: point('latents', [viewLength, hiddenSize], STATES, isViewed),
    [`${name}/head`]: head,
    [`${name}/mismatched`]: point('mismatched', [1], LOGPS, () => true),
  };
}

/** 1 / the counts over the real rows of the optimizer batch. */
function countPoints(rows: readonly TestRow[], sides: 1 | 2, sizes: TestSizes): Points {
  const real = rows.filter(({ isFiller }) => !isFiller);
  const tokensOf = (row: TestRow, side: number): number => lengthsOf(row, side, sizes).completion;
  const everySide = Array.from({ length: sides }, (_, side) => side);
  const counts = {
    rows: real.length,
    sideTokens: everySide.map((side) => real.reduce((sum, row) => sum + tokensOf(row, side), 0)),
    sideRows: everySide.map((side) => real.filter((row) => tokensOf(row, side) > 0).length),
    pairs: real.filter(({ only }) => only === undefined).length,
  };
  return Object.fromEntries(countValues(counts));
}

/** The numbers of every input of a test batch. */
export function batchPoints(options: BatchViewsOptions = {}): Points {
  const { sides = 2, rows = ROWS, wholeBatch = rows, sizes = SMALL, garbage = 0 } = options;
  const { completionMask, viewMask, rowWeight } = maskPoints(rows, sides, sizes);
  return {
    ...modelPoints('policy', rows, sides, sizes, garbage),
    ...modelPoints('reference', rows, sides, sizes, garbage),
    'batch/completionMask': completionMask,
    'batch/viewMask': viewMask,
    'batch/rowWeight': rowWeight,
    ...countPoints(wholeBatch, sides, sizes),
  };
}

function modelViewsOf(name: string, tensors: Tensors): ModelViews {
  const tokens = mul(tensors[`${name}/logps`]!, tensors['batch/completionMask']!);
  return {
    logps: { tokens, sums: reduceSum(tokens, [2]) },
    predictorStates: tensors[`${name}/predictorStates`]!,
    latents: tensors[`${name}/latents`]!,
    layerLatents: (layer) => mul(tensors[`${name}/latents`]!, 0.5 + Math.abs(layer)), // other numbers in other layers
    head: linearHead(tensors[`${name}/head`]!),
  };
}

/** Divergence at each completion position, [B, S, C]. */
function divergenceBetween(policy: ModelViews, reference: ModelViews, kind: DivergenceKind): Tensor {
  const places = policy.predictorStates.shape.slice(0, -1); // [B, S, C]
  return reshape(distributionDivergence(readModelOf(policy), readModelOf(reference), kind), places);
}

/** Completions under other prompts: as long as the rows' own, with numbers of their own. */
function mismatchedOver(tensors: Tensors, lengths: Tensor): MismatchedViews {
  const sums = (model: 'policy' | 'reference'): Tensor =>
    stopGradient(reshape(tensors[`${model}/mismatched`]!, lengths.shape)); // [B, S, 1] → [B, S]
  return { policy: sums('policy'), reference: sums('reference'), lengths };
}

function shapeOf(tensors: Tensors): BatchShape {
  const [rows, sides, completionLength] = tensors['batch/completionMask']!.shape as readonly [number, 1 | 2, number];
  const viewLength = tensors['batch/viewMask']!.shape[2]!;
  return { rows, rowLength: sides * viewLength, sides, completionLength, viewLength };
}

/** Views over given tensors, which are named and typed as `batchPoints` says. */
export function viewsOver(tensors: Tensors, needs: readonly Need[] = EVERY_NEED): Pick<TestBatch, 'views' | 'read'> {
  const shape = shapeOf(tensors);
  const read = new Set<Need>();
  const batch = {
    ...batchInputs(shape), // the arrays that only a model reads: no view depends on them here
    completionMask: tensors['batch/completionMask']!,
    viewMask: tensors['batch/viewMask']!,
    rowWeight: tensors['batch/rowWeight']!,
  };
  const bySide = (name: string) => Array.from({ length: shape.sides }, (_, side) => tensors[`count/${name}${side}`]!);
  const counts: CountInputs = {
    perRow: tensors['count/perRow']!,
    perToken: tensors['count/perToken']!,
    perSideToken: bySide('perSideToken'),
    perCompletion: tensors['count/perCompletion']!,
    perSideRow: bySide('perSideRow'),
    perPair: tensors['count/perPair']!,
  };
  const [policy, reference] = [modelViewsOf('policy', tensors), detached(modelViewsOf('reference', tensors))];
  const divergence = (kind: DivergenceKind): Tensor => divergenceBetween(policy, reference, kind);
  const views = batchViews(shape, batch, counts, { policy, reference, divergence });
  const mismatched = mismatchedOver(tensors, views.completionLengths);
  return { views: permittedViews({ ...views, mismatched }, needs, (need) => read.add(need)), read };
}

/**
 * A small batch with random numbers, as an objective or a regularizer sees it. For tests of single formulas:
 *
 * ```ts
 * const batch = makeBatchViews();
 * const { loss } = plugin.loss(batch.views, plugin.config.parse({ beta: 0.5 }));
 * evaluateScalars(batch.points, { loss }); // { loss: 0.69… }
 * ```
 *
 * `points` has the numbers to compute the expected value from: log-probabilities are `policy/logps` [B, S, C] times
 * `batch/completionMask`.
 */
export function makeBatchViews(options: BatchViewsOptions = {}): TestBatch {
  const points = batchPoints(options);
  const tensors = inputsOf(points);
  return { ...viewsOver(tensors, options.needs), points, tensors };
}

/** Values of scalar tensors, in float64. Inputs that they do not depend on may be among the points. */
export function evaluateScalars(points: Points, outputs: Readonly<Record<string, Tensor>>): Record<string, number> {
  const values = evaluatePart(points, outputs);
  return Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, data[0]!]));
}

/** Values of tensors, in float64. */
export function evaluatePart(points: Points, outputs: Readonly<Record<string, Tensor>>): Record<string, Point> {
  const graph = traceGraph(outputs);
  const numbers = numbersByName(points);
  const used = Object.fromEntries(Object.entries(numbers).filter(([name]) => graph.inputs.has(name)));
  return Object.fromEntries(evaluate(graph, used));
}
