import { add, grad, input, scope, stopGradient, type Tensor } from '@tether/graph';
import type { BatchViews, LanguageModel, NetworkTensors, OpponentOptimizer, WeightViews } from '../contracts/index.ts';
import { adamw, applyClip, clipFactor } from '../optimizer/index.ts';
import { detached } from './buildViews.ts';
import { names, networkSpec, type RegularizerUse } from './definition.ts';
import type { Readings } from './readings.ts';

/** Which part of an optimizer step a micro-batch is. */
export interface MicroBatchRole {
  /** Gradients of earlier micro-batches come in and are added to. */
  readonly continues: boolean;
  /** The last micro-batch: opponents take their step, and the policy's gradient is complete. */
  readonly completes: boolean;
  /** Keys of regularizers whose penalty is left out, since its delay is not over: of those only the opponent runs. */
  readonly delayed?: readonly string[];
}

/** Scalar inputs of an opponent's AdamW. */
export const opponentScalarNames = (key: string) => ({
  learningRate: `network/${key}/learningRate`,
  correction1: `network/${key}/correction1`,
  correction2: `network/${key}/correction2`,
});

export interface OpponentStep {
  /** What the penalty sees. */
  readonly parameters: NetworkTensors;
  readonly state: NetworkTensors;
  /** New values of the run's tensors, by their names. */
  readonly updates: Readonly<Record<string, Tensor>>;
}

/** A regularizer's networks as inputs, and, where it has an opponent, their step on this batch. */
export function opponentStep(
  model: LanguageModel,
  use: RegularizerUse,
  views: BatchViews,
  seed: Tensor,
  role: MicroBatchRole,
  weights: WeightViews | undefined,
  readings: Readings,
): OpponentStep {
  const { key, plugin, config } = use;
  const spec = networkSpec(model, use);
  const load = (part: 'parameter' | 'state', tensors: typeof spec.parameters): NetworkTensors =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { shape }]) => [name, input(names.network(key, part, name), 'f32', shape)]),
    );
  const parameters = load('parameter', spec.parameters);
  const state = load('state', spec.state);
  const { opponent } = plugin;
  if (opponent === undefined) return { parameters, state, updates: {} };

  const blind: BatchViews = {
    ...views,
    policy: detached(views.policy),
    divergence: (kind) => stopGradient(views.divergence(kind)),
  };
  const still = weights && { trained: frozen(weights.trained), initial: frozen(weights.initial) };
  const context = { key, views: blind, config, parameters, state, seed, weights: still };
  const result = scope('opponent', () => opponent.loss(context));
  readings.metric(`${key}/loss`, result.loss);
  readings.addAll(result);
  const newState = { ...state, ...result.state };
  const stateUpdates = Object.fromEntries(
    Object.entries(newState).map(([name, value]) => [names.network(key, 'state', name), value]),
  );
  if (Object.keys(parameters).length === 0) return { parameters, state: newState, updates: stateUpdates };
  const gradients = accumulate(key, parameters, grad(result.loss, Object.values(parameters)), role);
  if (!role.completes) return { parameters, state: newState, updates: { ...stateUpdates, ...gradients } };
  const stepped = scope('opponent/optimizer', () =>
    optimize(key, parameters, Object.values(gradients), opponent.optimizer(config), readings),
  );
  return { parameters: stepped.parameters, state: newState, updates: { ...stateUpdates, ...stepped.updates } };
}

function accumulate(
  key: string,
  parameters: NetworkTensors,
  gradients: readonly Tensor[],
  { continues }: MicroBatchRole,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.keys(parameters).map((name, index) => {
      const gradient = gradients[index]!;
      const slot = names.network(key, 'gradient', name);
      return [slot, continues ? add(input(slot, 'f32', gradient.shape), gradient) : gradient];
    }),
  );
}

function optimize(
  key: string,
  parameters: NetworkTensors,
  gradients: readonly Tensor[],
  optimizer: OpponentOptimizer,
  readings: Readings,
): { parameters: NetworkTensors; updates: Record<string, Tensor> } {
  const scalarNames = opponentScalarNames(key);
  const scalars = {
    learningRate: input(scalarNames.learningRate, 'f32', []),
    correction1: input(scalarNames.correction1, 'f32', []),
    correction2: input(scalarNames.correction2, 'f32', []),
  };
  const { norm, factor } = clipFactor(gradients, optimizer.maxGradNorm);
  readings.gauge(`${key}/grad_norm`, norm);
  const updates: Record<string, Tensor> = {};
  const stepped = Object.entries(parameters).map(([name, parameter], index): [string, Tensor] => {
    const moment = (part: 'firstMoment' | 'secondMoment'): Tensor =>
      input(names.network(key, part, name), 'f32', parameter.shape);
    const result = adamw(
      { parameter, firstMoment: moment('firstMoment'), secondMoment: moment('secondMoment') },
      applyClip(gradients[index]!, factor),
      scalars,
      optimizer,
    );
    updates[names.network(key, 'parameter', name)] = result.parameter;
    updates[names.network(key, 'firstMoment', name)] = result.firstMoment;
    updates[names.network(key, 'secondMoment', name)] = result.secondMoment;
    return [name, result.parameter];
  });
  return { parameters: Object.fromEntries(stepped), updates };
}

/** The same tensors, through which no gradient flows. */
export const frozen = (tensors: NetworkTensors): NetworkTensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, stopGradient(tensor)]));
