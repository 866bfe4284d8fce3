import { and, cast, equal, iota, less, mul, or, reduceSum, reshape, stopGradient, type Tensor } from '@tether/graph';

/** Along the last axis, [..., P] → [..., P, 1] and [..., 1, P]. */
const column = (x: Tensor): Tensor => reshape(x, [...x.shape, 1]);
const row = (x: Tensor): Tensor => reshape(x, [...x.shape.slice(0, -1), 1, x.shape.at(-1)!]);

/**
 * Place of each of x [..., P] in ascending order along the last axis: the number of those before it. Equal values keep their
 * order, so that no two share a place. What `isOut` marks with 1 comes last, in its order.
 */
function ranks(x: Tensor, isOut: Tensor): Tensor {
  const [value, place] = [stopGradient(x), iota([x.shape.at(-1)!], 0)];
  const tie = and(equal(row(value), column(value)), less(row(place), column(place)));
  const smaller = or(less(row(value), column(value)), tie); // [..., P, P]: whether j comes before i
  const before = or(less(row(isOut), column(isOut)), and(equal(row(isOut), column(isOut)), smaller));
  return reduceSum(cast(before, 'f32'), [x.shape.length]);
}

/**
 * For each of x [..., P], the value of y [..., P] that has the same place in ascending order: what optimal transport in one
 * dimension moves it to. Takes memory for P² numbers. The gradient flows to y's values, not through the order.
 *
 * @param counts 1 for what counts, 0 for what is left out of both orders (masked, or rows that fill a batch up): [..., P], or
 * of a shape that broadcasts to it
 */
export function sameRank(x: Tensor, y: Tensor, counts: Tensor): Tensor {
  const out = cast(equal(counts, 0), 'f32');
  const matches = cast(equal(column(ranks(x, out)), row(ranks(y, out))), 'f32'); // [..., P, P], one 1 a row
  return reduceSum(mul(matches, row(y)), [x.shape.length]);
}
