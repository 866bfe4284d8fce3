import { evaluate, input, traceGraph } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { readOptimizerGolden, type OptimizerGolden } from '../testdata/optimizerGolden.ts';
import { adamw, biasCorrection } from './adamw.ts';
import { applyClip, clipFactor, hostClipFactor } from './clip.ts';

/** PyTorch's constants in tools/goldens/optimizer.py. */
const CONSTANTS = { beta1: 0.9, beta2: 0.95, epsilon: 1e-6 };

type Case = OptimizerGolden['adamw'][number];

const vector = (name: string, size: number) => input(name, 'f32', [size]);
const scalar = (name: string) => input(name, 'f32', []);

/** One clipped step of all tensors as a graph: `parameter0`, `firstMoment0`, …, and the norm. */
function stepGraph(sizes: readonly number[], { weightDecay, maxNorm }: Case) {
  const gradients = sizes.map((size, index) => vector(`gradient${index}`, size));
  const { norm, factor } = clipFactor(gradients, maxNorm);
  const scalars = {
    learningRate: scalar('learningRate'),
    correction1: scalar('correction1'),
    correction2: scalar('correction2'),
  };
  const outputs = sizes.flatMap((size, index) => {
    const load = (part: string) => vector(`${part}${index}`, size);
    const stepped = adamw(
      { parameter: load('parameter'), firstMoment: load('firstMoment'), secondMoment: load('secondMoment') },
      applyClip(gradients[index]!, factor),
      scalars,
      { ...CONSTANTS, weightDecay },
    );
    return Object.entries(stepped).map(([part, value]) => [`${part}${index}`, value] as const);
  });
  return traceGraph({ ...Object.fromEntries(outputs), norm });
}

describe.each(readOptimizerGolden().adamw)('AdamW with decay $weightDecay and clipping at $maxNorm', (golden) => {
  it('takes the steps that PyTorch takes', () => {
    const initial = golden.initial.map((values) => values.flat());
    const graph = stepGraph(
      initial.map(({ length }) => length),
      golden,
    );
    const state = new Map<string, ArrayLike<number>>();
    initial.forEach((values, index) => {
      state.set(`parameter${index}`, values);
      for (const moment of ['firstMoment', 'secondMoment'])
        state.set(
          `${moment}${index}`,
          values.map(() => 0),
        );
    });
    golden.steps.forEach(({ learningRate, gradients, norm, parameters }, step) => {
      const values = new Map<string, ArrayLike<number>>([
        ...state,
        ...gradients.map((gradient, index) => [`gradient${index}`, gradient] as const),
        ['learningRate', [learningRate]],
        ['correction1', [biasCorrection(CONSTANTS.beta1, step + 1)]],
        ['correction2', [biasCorrection(CONSTANTS.beta2, step + 1)]],
      ]);
      const outputs = evaluate(graph, values);
      for (const name of state.keys()) state.set(name, outputs.get(name)!.data);
      parameters.forEach((expected, index) => {
        // Both are float64; the operations come in another order, and √ of a small moment doubles its relative error.
        expected.forEach((value, at) => expect(state.get(`parameter${index}`)![at]).toBeCloseTo(value, 11));
      });
      if (norm === null) return;
      expect(outputs.get('norm')!.data[0]).toBeCloseTo(norm, 10);
      const clipped = norm > golden.maxNorm;
      expect(hostClipFactor(norm, golden.maxNorm)).toBe(clipped ? golden.maxNorm / (norm + 1e-6) : 1);
    });
  });
});

describe('AdamW', () => {
  it('moves by the learning rate in its first step, whatever the size of the gradient', () => {
    const golden: Case = { weightDecay: 0, maxNorm: 0, initial: [], steps: [] };
    const values = {
      parameter0: [1, 1],
      firstMoment0: [0, 0],
      secondMoment0: [0, 0],
      gradient0: [1e3, -20],
      learningRate: [0.5],
      correction1: [biasCorrection(CONSTANTS.beta1, 1)],
      correction2: [biasCorrection(CONSTANTS.beta2, 1)],
    };
    const [up, down] = evaluate(stepGraph([2], golden), values).get('parameter0')!.data;
    // lr·g/(|g| + ε): ε = 1e-6 takes 5e-8 of lr from the smaller gradient.
    expect(up).toBeCloseTo(1 - 0.5, 7);
    expect(down).toBeCloseTo(1 + 0.5, 7);
  });
});

describe('clipping', () => {
  it('is off at a limit of 0', () => {
    expect(clipFactor([vector('gradient', 2)], 0).factor).toBeUndefined();
    expect(hostClipFactor(1e9, 0)).toBe(1);
  });

  it('gives the same factor on the host as in the graph', () => {
    const { norm, factor } = clipFactor([vector('a', 2), vector('b', 1)], 2);
    for (const scale of [0.01, 1, 100]) {
      const values = evaluate(traceGraph({ norm, factor: factor! }), { a: [3 * scale, 0], b: [4 * scale] });
      expect(values.get('norm')!.data[0]).toBeCloseTo(5 * scale, 12);
      expect(values.get('factor')!.data[0]).toBeCloseTo(hostClipFactor(5 * scale, 2), 15);
    }
  });
});
