import { reduceSum, scope } from '@tether/graph';
import {
  SEGMENT,
  type BatchShape,
  type HostBatch,
  type HostTensor,
  type LanguageModel,
  type MismatchedViews,
  type Need,
  type Parameters,
} from '../contracts/index.ts';
import { batchInputs, batchValues } from './batchInputs.ts';
import { detached, readModel } from './buildViews.ts';

const PREFIX = 'mismatched';

/**
 * Room for any prompt of the bucket (at most L − 1 tokens, before one token at least) with any of its completions, cut to
 * the tokens that the run allows: that, and of two sides the shorter rest. Both sides together have at most T − 1 tokens.
 */
function mismatchedShape({ rows, rowLength, sides, completionLength, ...shape }: BatchShape): BatchShape {
  const prompt = shape.viewLength - 1;
  const viewLength = Math.min(prompt + completionLength, shape.mostTokens ?? shape.viewLength);
  const secondSide = sides === 1 ? 0 : Math.min(completionLength, Math.floor((rowLength - 1) / 2));
  const whole = prompt + Math.min(sides * completionLength, rowLength - 1);
  return { rows, sides, completionLength, viewLength, rowLength: Math.min(whole, viewLength + secondSide) };
}

/** The tokens of a row in one segment, in their order. */
function segmentTokens({ shape, tokens, segments, keyMask }: HostBatch, row: number, segment: number): number[] {
  const start = row * shape.rowLength;
  const places = Array.from({ length: shape.rowLength }, (_, t) => start + t);
  return places.filter((at) => segments[at] === segment && keyMask[at] === 1).map((at) => tokens[at]!);
}

/**
 * For each real row the real row before it, the last one before the first; undefined for filler rows. A real row that is
 * alone (the last of its bucket) is its own.
 */
function partners({ rowWeight }: HostBatch): (number | undefined)[] {
  const real = Array.from(rowWeight.keys()).filter((row) => rowWeight[row] === 1);
  return Array.from(rowWeight.keys(), (row) => {
    const at = real.indexOf(row);
    return at < 0 ? undefined : real.at(at - 1);
  });
}

const SIDES = [SEGMENT.chosen, SEGMENT.rejected] as const;

/**
 * Each row's prompt with its partner's completions, laid out as a batch of its own. A completion that would make the row
 * longer than the run allows loses its end: beyond that, the model may have no positions.
 */
export function mismatchedBatch(batch: HostBatch): HostBatch {
  const shape = mismatchedShape(batch.shape);
  const { rows, rowLength, sides, completionLength, viewLength } = shape;
  const integers = (...extents: readonly number[]): Int32Array =>
    new Int32Array(extents.reduce((size, extent) => size * extent, 1));
  const result = {
    shape,
    tokens: integers(rows, rowLength),
    segments: integers(rows, rowLength),
    positions: integers(rows, rowLength),
    keyMask: integers(rows, rowLength),
    predictors: integers(rows, sides, completionLength),
    labels: integers(rows, sides, completionLength),
    completionMask: new Float32Array(rows * sides * completionLength),
    views: integers(rows, sides, viewLength), // nothing looks at hidden states: left empty
    viewMask: new Float32Array(rows * sides * viewLength),
    rowWeight: batch.rowWeight,
    rowNumbers: batch.rowNumbers,
  } satisfies HostBatch;
  for (const [row, partner] of partners(batch).entries()) {
    if (partner !== undefined) fillRow(result, row, batch, partner);
  }
  return result;
}

function fillRow(result: HostBatch, row: number, batch: HostBatch, partner: number): void {
  const { rowLength, sides, completionLength, viewLength } = result.shape;
  let place = row * rowLength;
  const put = (token: number, segment: number, position: number): number => {
    result.tokens[place] = token;
    result.segments[place] = segment;
    result.positions[place] = position;
    result.keyMask[place] = 1;
    return place++;
  };
  const prompt = segmentTokens(batch, row, SEGMENT.prompt);
  let last = place;
  prompt.forEach((token, t) => (last = put(token, SEGMENT.prompt, t)));
  for (let side = 0; side < sides; side++) {
    const segment = SIDES[side]!;
    let predictor = last;
    const completion = segmentTokens(batch, partner, segment).slice(0, viewLength - prompt.length);
    completion.forEach((token, t) => {
      const at = (row * sides + side) * completionLength + t;
      result.predictors[at] = predictor;
      result.labels[at] = token;
      result.completionMask[at] = 1;
      predictor = put(token, segment, prompt.length + t);
    });
  }
}

/** The values of the inputs that `mismatchedViews` reads, where a plugin of the run asks for them. */
export const mismatchedValues = (needs: ReadonlySet<Need>, batch: HostBatch): Map<string, HostTensor> =>
  needs.has('mismatchedLogps') ? batchValues(mismatchedBatch(batch), PREFIX) : new Map<string, HostTensor>();

/** What both models say of mismatched completions; undefined where nobody asks. */
export function mismatchedViews(
  model: LanguageModel,
  needs: ReadonlySet<Need>,
  shape: BatchShape,
  policy: Parameters,
  reference: Parameters,
): MismatchedViews | undefined {
  if (!needs.has('mismatchedLogps')) return undefined;
  return scope('mismatched', () => {
    const batch = batchInputs(mismatchedShape(shape), PREFIX);
    const sums = (parameters: Parameters) => detached(readModel(model, parameters, batch)).logps.sums;
    return {
      policy: sums(policy),
      reference: sums(reference),
      lengths: reduceSum(batch.completionMask, [2]),
    };
  });
}
