import {
  constant,
  div,
  maximum,
  mul,
  reduceSum,
  scope,
  sqrt,
  sub,
  traceGraph,
  type Graph,
  type Tensor,
} from '@tether/graph';
import type { BatchShape, BatchViews, ModelViews, Need } from '../contracts/index.ts';
import { batchInputs, countInputs } from './batchInputs.ts';
import { batchViews, readModel } from './buildViews.ts';
import type { StepDefinition } from './definition.ts';
import { compareViews } from './divergences.ts';
import { policyInputs } from './gradientStep.ts';
import { objectiveLoss } from './inPlugin.ts';
import { mismatchedViews } from './mismatched.ts';
import { Readings, type ReadingLayout } from './readings.ts';
import { referenceInputs, referenceViews } from './referenceViews.ts';

/** Values that an evaluation gives per row and side, [B, S]. */
export const ROW_OUTPUTS = {
  logps: 'rows/logps',
  referenceLogps: 'rows/referenceLogps',
  /** Σ over completion tokens of KL(π‖ref) at that position, in nats per sequence. */
  kl: 'rows/kl',
  /** Mean over the view's tokens of ‖h_θ − h_ref‖₂ / ‖h_ref‖₂. */
  latentDistance: 'rows/latentDistance',
} as const;

const MEASURED: ReadonlySet<Need> = new Set<Need>([
  'referenceLogps',
  'referencePredictorStates',
  'referenceLatents',
  'divergence/reverse',
]);

export interface EvaluationStep {
  readonly graph: Graph;
  readonly layout: ReadingLayout;
}

/** Length of the last axis' vectors: [..., H] → [...]. */
const lengthOf = (x: Tensor): Tensor => sqrt(reduceSum(mul(x, x), [-1]));

/** Mean relative distance of the policy's hidden states from the reference's, [B, S]. */
export function latentDistance(policy: ModelViews, reference: ModelViews, mask: Tensor): Tensor {
  const relative = div(
    lengthOf(sub(policy.latents, reference.latents)),
    maximum(lengthOf(reference.latents), constant(1e-12)),
  ); // [B, S, L]
  return div(reduceSum(mul(relative, mask), [2]), maximum(reduceSum(mask, [2]), 1));
}

/**
 * Forward only: what the run's objective says of a batch, and per row how far the policy has moved from the reference.
 * The reference is computed in the same graph, whatever the run's plugins need; it is the one that the run began with,
 * also where training moves it.
 *
 * @param withObjective false for batches that the objective cannot judge (sampled completions without a rival)
 */
export function evaluationStep(definition: StepDefinition, shape: BatchShape, withObjective: boolean): EvaluationStep {
  const { model, objective } = definition;
  const batch = batchInputs(shape);
  const parameters = policyInputs(definition);
  const referenceParameters = referenceInputs(model, parameters);
  const needs = new Set(withObjective ? objective.plugin.needs(objective.config) : []);
  const compared = compareViews(
    scope('policy', () => readModel(model, parameters, batch)),
    referenceViews(model, 'inline', shape, batch, referenceParameters),
    batch,
    { needs: new Set([...needs, ...MEASURED]), hasReferenceLogps: false },
  );
  const { policy, reference, divergence } = compared;
  if (reference === undefined) throw new Error('an inline reference is always there');
  const views: BatchViews = {
    ...batchViews(shape, batch, countInputs(shape.sides), compared),
    mismatched: mismatchedViews(model, needs, shape, parameters, referenceParameters),
  };
  const readings = new Readings();
  if (withObjective) {
    const result = objectiveLoss(objective, views);
    readings.metric('loss', result.loss);
    readings.addAll(result);
  }
  const outputs: Record<string, Tensor> = {
    [ROW_OUTPUTS.logps]: policy.logps.sums,
    [ROW_OUTPUTS.referenceLogps]: reference.logps.sums,
    [ROW_OUTPUTS.kl]: reduceSum(mul(divergence('reverse'), batch.completionMask), [2]),
    [ROW_OUTPUTS.latentDistance]: scope('latents', () => latentDistance(policy, reference, batch.viewMask)),
    readings: readings.vector(),
  };
  return { graph: traceGraph(outputs), layout: readings.layout };
}
