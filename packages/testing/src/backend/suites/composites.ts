import {
  binaryCrossEntropy,
  checkpoint,
  distributionDivergence,
  dropout,
  globalNorm,
  grad,
  linearLogProb,
  logSigmoid,
  logSumExp,
  maskedMean,
  matmul,
  mul,
  reduceSum,
  sliceAxis,
  tanh,
  traceGraph,
  type ChunkedHead,
  type DivergenceKind,
  type Graph,
  type Tensor,
} from '@tether/graph';
import { describe, expect } from 'vitest';
import {
  inputsOf,
  makePoint,
  randomIntegers,
  randomPoint,
  type Point,
  type Points,
  type Tensors,
} from '../../point.ts';
import { describeDifference } from '../compare.ts';
import { evaluatePoints, runOnce } from '../run.ts';
import { allowanceFor, TOLERANCE_CLASSES } from '../tolerances.ts';
import type { SuiteContext } from './context.ts';

interface Composite {
  readonly inputs: Points;
  readonly build: (tensors: Tensors) => Tensor;
}

const of = (inputs: Points, build: Composite['build']): Composite => ({ inputs, build });

const x = randomPoint('f32', [3, 4], 1);
const states = randomPoint('f32', [6, 4], 2, -1, 1);
const weight = randomPoint('f32', [10, 4], 3, -1, 1);
const mask = makePoint('f32', [3, 4], [1, 1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0]);

const headOf = (head: Tensor): ChunkedHead => ({
  vocabularySize: head.shape[0]!,
  logits: (hidden, start, limit) => matmul(hidden, sliceAxis(head, 0, start, limit), { transposeB: true }),
});

/** Vocabulary entries at a time: the last chunk of 10 entries is a shorter one. */
const CHUNK = 4;

const divergence = (kind: DivergenceKind): Composite =>
  of({ states, weight, reference: randomPoint('f32', [6, 4], 4, -1, 1) }, (t) =>
    distributionDivergence(
      { head: headOf(t['weight']!), states: t['states']! },
      { head: headOf(t['weight']!), states: t['reference']! },
      kind,
      CHUNK,
    ),
  );

/** Functions of the graph package that losses are made of. */
const COMPOSITES: Readonly<Record<string, Composite>> = {
  logSigmoid: of({ x }, (t) => logSigmoid(t['x']!)),
  'logSigmoid far out': of({ x: makePoint('f32', [4], [-90, -20, 20, 90]) }, (t) => logSigmoid(t['x']!)),
  'logSigmoid at 0': of({ x: makePoint('f32', [2], [0, 0]) }, (t) => logSigmoid(t['x']!)),
  binaryCrossEntropy: of({ x }, (t) => binaryCrossEntropy(t['x']!, 1)),
  logSumExp: of({ x }, (t) => logSumExp(t['x']!)),
  globalNorm: of({ x, weight }, (t) => globalNorm([t['x']!, t['weight']!])),
  maskedMean: of({ x }, (t) => maskedMean(t['x']!, mul(t['x']!, t['x']!), [1])),
  'maskedMean with a mask that is fed': of({ x, mask }, (t) => maskedMean(t['x']!, t['mask']!, [1])),
  dropout: of({ x, seed: makePoint('i32', [], [5]) }, (t) => dropout(t['x']!, 0.3, t['seed']!, 2)),
  checkpoint: of({ states, weight }, (t) =>
    checkpoint([t['states']!, t['weight']!], ([h, w]) => tanh(matmul(tanh(matmul(h!, w!, { transposeB: true })), w!))),
  ),
  'linearLogProb in chunks': of({ states, weight, labels: randomIntegers([6], 5, 0, 10) }, (t) =>
    linearLogProb(t['states']!, t['weight']!, t['labels']!, { chunk: CHUNK, keptBytes: 0 }),
  ),
  'linearLogProb in one chunk': of({ states, weight, labels: randomIntegers([6], 6, 0, 10) }, (t) =>
    linearLogProb(t['states']!, t['weight']!, t['labels']!),
  ),
  'distributionDivergence, reverse': divergence('reverse'),
  'distributionDivergence, forward': divergence('forward'),
  'distributionDivergence, Jensen-Shannon': divergence('jensen-shannon'),
};

/** The value, and the gradient of its sum of squares by every float input. */
function withGradients({ inputs, build }: Composite): { graph: Graph; points: Points } {
  const tensors = inputsOf(inputs);
  const y = build(tensors);
  const floats = Object.entries(tensors).filter(([, { dtype }]) => dtype === 'f32');
  const gradients = grad(
    reduceSum(mul(y, y)),
    floats.map(([, tensor]) => tensor),
  );
  const named = floats.map(([name], index) => [`gradient of ${name}`, gradients[index]!]);
  const graph = traceGraph({ y, ...(Object.fromEntries(named) as Tensors) });
  return { graph, points: Object.fromEntries(Object.entries(inputs).filter(([name]) => graph.inputs.has(name))) };
}

const largest = ({ data }: Point): number => Math.max(1, ...Array.from(data, Math.abs));

/** Composite functions with their gradients, hand-made ones among them, as the engine makes graphs of them. */
export function compositeSuite({ backend, test }: SuiteContext): void {
  const { relative } = allowanceFor(TOLERANCE_CLASSES.composed, 'f32');
  describe('composites and their gradients', () => {
    for (const [name, composite] of Object.entries(COMPOSITES)) {
      test(`with gradients: ${name}`, async () => {
        const { graph, points } = withGradients(composite);
        const expected = evaluatePoints(graph, points);
        const actual = await runOnce(backend(), graph, points, { label: name });
        const differences = Object.entries(expected).flatMap(([output, point]) => {
          const difference = describeDifference(actual[output]!, point, { relative, floor: largest(point) });
          return difference === undefined ? [] : [`${output} ${difference}`];
        });
        expect(differences).toEqual([]);
      });
    }
  });
}
