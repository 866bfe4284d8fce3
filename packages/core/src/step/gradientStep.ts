import { add, globalNorm, grad, input, mul, scope, traceGraph, type Graph, type Tensor } from '@tether/graph';
import type {
  BatchShape,
  BatchViews,
  LanguageModel,
  Parameters,
  PartialMetrics,
  WeightViews,
} from '../contracts/index.ts';
import { sideOf } from '../views/index.ts';
import { batchInputs, countInputs } from './batchInputs.ts';
import { batchViews, readModel } from './buildViews.ts';
import { compareViews } from './divergences.ts';
import { names, needsOf, trainableParameters, type RegularizerUse, type StepDefinition } from './definition.ts';
import { inPlugin, objectiveLoss } from './inPlugin.ts';
import { mismatchedViews } from './mismatched.ts';
import { frozen, opponentStep, type MicroBatchRole } from './opponents.ts';
import { permittedViews } from './permittedViews.ts';
import { Readings, type ReadingLayout } from './readings.ts';
import { referenceInputs, referenceViews } from './referenceViews.ts';

export interface GradientStep {
  readonly graph: Graph;
  readonly layout: ReadingLayout;
}

/** Outputs that are not tensors of the run. */
export const READINGS = 'readings';

export const weightName = (key: string): string => `penaltyWeight/${key}`;

/** Each regularizer draws from a seed of its own: streams need only differ within it. The model has `seed`. */
export const regularizerSeedName = (key: string): string => `seed/${key}`;

/** Inputs for the policy's parameters. */
export const policyInputs = (definition: Pick<StepDefinition, 'model'>): Parameters =>
  Object.fromEntries(
    definition.model.parameters.map(({ name, shape }) => [name, input(names.policy(name), 'f32', shape)]),
  );

/** TRL's `logps/*`. */
function logpMetrics(views: BatchViews): PartialMetrics {
  const mean = (side: 0 | 1) => views.meanOverSide(sideOf(views.policy.logps.sums, side), side);
  const chosen = { 'logps/chosen': mean(0) };
  return views.sides === 1 ? { chosen } : { chosen, rejected: { 'logps/rejected': mean(1) } };
}

/** The trained parameters and their initial values, for a regularizer that asks for them. */
function weightsFor(
  { key, plugin, config }: RegularizerUse,
  model: LanguageModel,
  policy: Parameters,
  initial: Parameters,
): WeightViews | undefined {
  if (!plugin.needs(config).includes('weights')) return undefined;
  const trained = trainableParameters(model).map(({ name }) => name);
  const unknown = trained.filter((name) => initial[name] === undefined);
  if (unknown.length > 0) {
    throw new Error(
      `${key} compares the trained weights with their initial values, but of ${unknown.length} of them (${unknown[0]}, …) there are none: it is for models that are trained as a whole, not for adapters`,
    );
  }
  const pick = (parameters: Parameters): Parameters =>
    Object.fromEntries(trained.map((name) => [name, parameters[name]!]));
  return { trained: pick(policy), initial: pick(initial) };
}

/**
 * A regularizer's part of the loss, times its weight, with the new values of its networks' tensors. Before its delay is
 * over there is no penalty: 0 times one that is not finite, or whose gradient is not, would not be 0.
 */
function regularize(
  model: LanguageModel,
  use: RegularizerUse,
  wholeViews: BatchViews,
  role: MicroBatchRole,
  weights: WeightViews | undefined,
  readings: Readings,
): { readonly weighted?: Tensor; readonly updates: Readonly<Record<string, Tensor>> } {
  const { key, plugin, config } = use;
  const views = permittedViews(wholeViews, plugin.needs(config));
  const seed = input(regularizerSeedName(key), 'i32', []);
  const step = opponentStep(model, use, views, seed, role, weights, readings);
  if (role.delayed?.includes(key) === true) return { updates: step.updates };
  const [parameters, state] = [frozen(step.parameters), frozen(step.state)];
  const penalty = plugin.penalty({ key, views, config, parameters, state, seed, weights });
  readings.addAll(penalty);
  readings.metric(`${key}/penalty`, penalty.loss);
  return { weighted: mul(penalty.loss, input(weightName(key), 'f32', [])), updates: step.updates };
}

/**
 * Forward, opponents and backward of one micro-batch as one graph:
 * opponents step first, on latents without gradient; then
 * total = objective + Σ weight · penalty (in the micro-batch that completes the step, against the opponents after their own
 * step, and before it against the old ones), and its gradient.
 *
 * Inputs: `policy/*`, `reference/*` or `precomputed/*`, `batch/*`, `mismatched/*`, `count/*`, the model's `seed`, and per regularizer its
 * `penaltyWeight/*`, `seed/*` and its networks and moments (`network/*`). Outputs: `readings`, `gradient/*`, and the new values of the
 * networks' tensors.
 */
export function gradientStep(definition: StepDefinition, shape: BatchShape, role: MicroBatchRole): GradientStep {
  const { model, objective } = definition;
  const batch = batchInputs(shape);
  const seed = input('seed', 'i32', []);
  const policyParameters = policyInputs(definition);
  const policy = scope('policy', () => readModel(model, policyParameters, batch, { seed }));
  const initial = referenceInputs(model, policyParameters);
  const anchor =
    definition.reference === 'moving' ? referenceInputs(model, policyParameters, names.movingReference) : initial;
  const needs = needsOf(definition);
  const reference = referenceViews(model, definition.reference, shape, batch, anchor);
  const compared = compareViews(policy, reference, batch, {
    needs,
    hasReferenceLogps: definition.reference === 'precomputed',
  });
  const views: BatchViews = {
    ...batchViews(shape, batch, countInputs(shape.sides), compared),
    mismatched: mismatchedViews(model, needs, shape, policyParameters, anchor),
  };

  const readings = new Readings();
  const result = objectiveLoss(objective, views);
  let total = result.loss;
  const updates: Record<string, Tensor> = {};
  for (const use of definition.regularizers) {
    const weights = weightsFor(use, model, policyParameters, initial);
    const part = scope(use.key, () =>
      inPlugin(`regularizer ${use.key}`, () => regularize(model, use, views, role, weights, readings)),
    );
    Object.assign(updates, part.updates);
    if (part.weighted !== undefined) total = add(total, part.weighted);
  }
  readings.metric('loss', total);
  readings.metric('objective/loss', result.loss);
  readings.addAll(result);
  readings.addAll({ partialMetrics: scope('metrics', () => logpMetrics(views)) });

  const outputs: Record<string, Tensor> = { ...updates };
  const trained = trainableParameters(model);
  const gradients = grad(
    total,
    trained.map(({ name }) => policyParameters[name]!),
  );
  trained.forEach(({ name, shape: parameterShape }, index) => {
    const slot = names.gradient(name);
    const gradient = gradients[index]!;
    outputs[slot] = role.continues ? add(input(slot, 'f32', parameterShape), gradient) : gradient;
  });
  if (role.completes)
    readings.gauge('grad_norm', globalNorm(trained.map(({ name }) => outputs[names.gradient(name)]!)));
  outputs[READINGS] = readings.vector();
  return { graph: traceGraph(outputs), layout: readings.layout };
}
