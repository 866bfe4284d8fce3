import {
  add,
  div,
  globalNorm,
  grad,
  input,
  minimum,
  mul,
  sqrt,
  sub,
  traceGraph,
  type Graph,
  type Tensor,
} from '@tether/graph';
import { makePoint, randomIntegers, randomPoint, type Points } from '../../point.ts';
import { languageModelLoss, SIZES, WEIGHT_SHAPES } from './transformer.ts';

/**
 * ε is large beside that of a real run: with the usual 1e-8 the first steps are lr · sign(g), and rounding noise in a
 * gradient near 0 would decide the sign, on any engine.
 */
const ADAMW = { learningRate: 0.05, beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weightDecay: 0.1, maxNorm: 1 } as const;

const names = Object.keys(WEIGHT_SHAPES);

/** AdamW (Loshchilov & Hutter 2019) without bias correction. */
function adamw(weight: Tensor, first: Tensor, second: Tensor, gradient: Tensor): [Tensor, Tensor, Tensor] {
  const newFirst = add(mul(first, ADAMW.beta1), mul(gradient, 1 - ADAMW.beta1));
  const newSecond = add(mul(second, ADAMW.beta2), mul(mul(gradient, gradient), 1 - ADAMW.beta2));
  const direction = div(newFirst, add(sqrt(newSecond), ADAMW.epsilon));
  const decayed = mul(weight, 1 - ADAMW.learningRate * ADAMW.weightDecay);
  return [sub(decayed, mul(direction, ADAMW.learningRate)), newFirst, newSecond];
}

export interface TrainingStep {
  readonly graph: Graph;
  readonly inPlace: ReadonlyMap<string, string>;
}

/** Loss, gradients, global-norm clipping and AdamW of the tiny transformer, as one graph over its state. */
export function trainingStep(): TrainingStep {
  const state = (part: string): Tensor[] => names.map((name) => input(`${part}/${name}`, 'f32', WEIGHT_SHAPES[name]!));
  const [weights, firsts, seconds] = [state('weight'), state('first'), state('second')];
  const tokens = input('tokens', 'i32', [SIZES.rows, SIZES.length]);
  const byName = Object.fromEntries(names.map((name, index) => [name, weights[index]!]));
  const loss = languageModelLoss(byName, tokens, input('seed', 'i32', []));
  const gradients = grad(loss, weights);
  const norm = globalNorm(gradients);
  const clip = minimum(div(ADAMW.maxNorm, add(norm, 1e-6)), 1);
  const outputs = new Map<string, Tensor>([
    ['loss', loss],
    ['gradNorm', norm],
  ]);
  names.forEach((name, index) => {
    const gradient = mul(gradients[index]!, clip);
    const [weight, first, second] = adamw(weights[index]!, firsts[index]!, seconds[index]!, gradient);
    outputs.set(`weight/${name}`, weight).set(`first/${name}`, first).set(`second/${name}`, second);
  });
  const stateNames = [...outputs.keys()].filter((name) => name.includes('/'));
  return { graph: traceGraph(outputs), inPlace: new Map(stateNames.map((name) => [name, name])) };
}

/** Random weights, zero moments. */
export function initialState(): Points {
  const state: Record<string, Points[string]> = {};
  names.forEach((name, index) => {
    const shape = WEIGHT_SHAPES[name]!;
    const zeros = makePoint('f32', shape, new Float64Array(shape.reduce((size, extent) => size * extent, 1)));
    state[`weight/${name}`] = name.endsWith('Norm')
      ? randomPoint('f32', shape, index, 0.8, 1.2)
      : randomPoint('f32', shape, index, -0.5, 0.5);
    state[`first/${name}`] = zeros;
    state[`second/${name}`] = zeros;
  });
  return state;
}

/** What is fed at one step. */
export const stepInputs = (step: number): Points => ({
  tokens: randomIntegers([SIZES.rows, SIZES.length], 1000 + step, 0, SIZES.vocabulary),
  seed: makePoint('i32', [], [step]),
});
