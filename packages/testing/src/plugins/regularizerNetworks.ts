import {
  initialValues,
  type NetworkSpec,
  type NetworkTensors,
  type PenaltyContext,
  type Regularizer,
} from '@tether/core';
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

/** Fresh networks, as the engine fills them, and the seed. */
export function networkPoints({ spec }: RegularizerUnderTest): Points {
  const fill = (part: 'parameter' | 'state', tensors: NetworkSpec['parameters']): [string, Point][] =>
    Object.entries(tensors).map(([name, tensor]) => [
      nameOf(part, name),
      { dtype: 'f32', shape: tensor.shape, data: initialValues(nameOf(part, name), tensor, SEED) },
    ]);
  return {
    ...Object.fromEntries([...fill('parameter', spec.parameters), ...fill('state', spec.state)]),
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
  { config, spec }: RegularizerUnderTest,
  views: PenaltyContext<unknown>['views'],
  tensors: Tensors,
): PenaltyContext<unknown> {
  const load = (part: 'parameter' | 'state', names: object): NetworkTensors =>
    Object.fromEntries(Object.keys(names).map((name) => [name, tensors[nameOf(part, name)]!]));
  return {
    key: KEY,
    views,
    config,
    parameters: load('parameter', spec.parameters),
    state: load('state', spec.state),
    seed: tensors['seed']!,
  };
}
