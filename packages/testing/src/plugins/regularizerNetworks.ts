import {
  initialValues,
  type NetworkSpec,
  type NetworkTensors,
  type PenaltyContext,
  type Regularizer,
  type WeightViews,
} from '@tether/core';
import { stopGradient, uniformNumbers, type Tensor } from '@tether/graph';
import { makePoint, type Point, type Points, type Tensors } from '../point.ts';
import { SMALL } from './rows.ts';

const SEED = 1;

/** The key that the regularizer under test has in its run. */
export const KEY = 'tested';

const nameOf = (part: 'parameter' | 'state', name: string): string => `${KEY}/${part}/${name}`;

/** A regularizer with one config, and its networks for the test batches. */
export interface RegularizerUnderTest {
  readonly plugin: Regularizer;
  readonly config: unknown;
  readonly spec: NetworkSpec;
}

export function regularizerUnderTest(plugin: Regularizer, raw: unknown): RegularizerUnderTest {
  const config = plugin.config.parse(raw);
  const { hiddenSize, vocabularySize } = SMALL;
  const spec = plugin.networks?.({ hiddenSize, vocabularySize }, config) ?? { parameters: {}, state: {} };
  return { plugin, config, spec };
}

/** Stand-ins for the model's parameters: their shapes. */
const WEIGHTS: Readonly<Record<string, readonly number[]>> = { 'layer.weight': [2, 3], 'norm.weight': [3] };

const weightName = (model: 'policy' | 'reference', name: string): string => `${model}/weights/${name}`;

/** Trained weights and their initial values, which differ. */
const weightPoints = (): [string, Point][] =>
  (['policy', 'reference'] as const).flatMap((model, seed) =>
    Object.entries(WEIGHTS).map(([name, shape]): [string, Point] => [
      weightName(model, name),
      {
        dtype: 'f32',
        shape,
        data: uniformNumbers(
          shape.reduce((size, extent) => size * extent, 1),
          seed + 1,
        ),
      },
    ]),
  );

const asksForWeights = ({ plugin, config }: RegularizerUnderTest): boolean => plugin.needs(config).includes('weights');

/** The weights as the engine gives them. */
function weightsOver(tensors: Tensors): WeightViews {
  const load = (model: 'policy' | 'reference'): Record<string, Tensor> =>
    Object.fromEntries(Object.keys(WEIGHTS).map((name) => [name, tensors[weightName(model, name)]!]));
  const initial = Object.entries(load('reference')).map(([name, tensor]) => [name, stopGradient(tensor)] as const);
  return { trained: load('policy'), initial: Object.fromEntries(initial) };
}

/** Fresh networks, as the engine fills them, weights where they are asked for, and the seed. */
export function networkPoints(under: RegularizerUnderTest): Points {
  const { spec } = under;
  const fill = (part: 'parameter' | 'state', tensors: NetworkSpec['parameters']): [string, Point][] =>
    Object.entries(tensors).map(([name, tensor]) => [
      nameOf(part, name),
      { dtype: 'f32', shape: tensor.shape, data: initialValues(nameOf(part, name), tensor, SEED) },
    ]);
  return {
    ...Object.fromEntries([...fill('parameter', spec.parameters), ...fill('state', spec.state)]),
    ...(asksForWeights(under) ? Object.fromEntries(weightPoints()) : {}),
    seed: makePoint('i32', [], [SEED]),
  };
}

/** Names of the inputs that hold the networks' parameters. */
export const parameterNames = ({ spec }: RegularizerUnderTest): string[] =>
  Object.keys(spec.parameters).map((name) => nameOf('parameter', name));

/** The points of the networks with new values of the state. */
export const withState = (points: Points, state: Readonly<Record<string, Point>>): Points => ({
  ...points,
  ...Object.fromEntries(Object.entries(state).map(([name, point]) => [nameOf('state', name), point])),
});

/** What a regularizer's functions get, over given tensors. */
export function contextOver(
  under: RegularizerUnderTest,
  views: PenaltyContext<unknown>['views'],
  tensors: Tensors,
): PenaltyContext<unknown> {
  const { config, spec } = under;
  const load = (part: 'parameter' | 'state', names: object): NetworkTensors =>
    Object.fromEntries(Object.keys(names).map((name) => [name, tensors[nameOf(part, name)]!]));
  return {
    key: KEY,
    views,
    config,
    parameters: load('parameter', spec.parameters),
    state: load('state', spec.state),
    seed: tensors['seed']!,
    weights: asksForWeights(under) ? weightsOver(tensors) : undefined,
  };
}
