import { add, input, mul, traceGraph } from '@tether/graph';
import type { LanguageModel, ParameterSpec } from '../contracts/index.ts';
import { names } from './definition.ts';
import type { UpdateStep } from './updateStep.ts';

/** Scalar input: the policy's share in the new reference. */
export const MIXUP = 'mixupAlpha';

/** Parameters of the reference that can follow the policy's: those that are trained under the same name. */
export function movingParameters(model: LanguageModel): readonly ParameterSpec[] {
  const trained = new Set(model.parameters.filter(({ trainable }) => trainable).map(({ name }) => name));
  return model.referenceParameters.filter(({ name }) => trained.has(name));
}

/** π_ref ← α·π + (1 − α)·π_ref, parameter by parameter, in place (Gorbatovski et al. 2024, TR-DPO, eqs. 4 and 5). */
export function referenceSync(model: LanguageModel): UpdateStep {
  const alpha = input(MIXUP, 'f32', []);
  const moving = movingParameters(model).map(({ name, shape }) => {
    const slot = names.movingReference(name);
    const [policy, reference] = [input(names.policy(name), 'f32', shape), input(slot, 'f32', shape)];
    return [slot, add(reference, mul(add(policy, mul(reference, -1)), alpha))] as const;
  });
  return {
    graph: traceGraph(Object.fromEntries(moving)),
    inPlace: new Map(moving.map(([slot]) => [slot, slot])),
  };
}
