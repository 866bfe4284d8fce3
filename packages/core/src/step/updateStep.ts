import { input, traceGraph, type Graph, type Tensor } from '@tether/graph';
import { adamw } from '../optimizer/index.ts';
import { names, trainableParameters, type StepDefinition } from './definition.ts';

export interface UpdateStep {
  readonly graph: Graph;
  /** Output → input whose memory it takes: parameters and moments are updated in place. */
  readonly inPlace: ReadonlyMap<string, string>;
}

/** Scalar inputs of the policy's AdamW. `gradientScale` is the clipping factor, from the norm that the host has seen. */
export const UPDATE_SCALARS = ['learningRate', 'correction1', 'correction2', 'gradientScale'] as const;

/**
 * The policy's AdamW step. A graph of its own, because the host looks at loss and gradient norm before anything is
 * overwritten, gradients may come from several micro-batches, and parameters that no other operation still reads can
 * be updated in place.
 */
export function updateStep(definition: StepDefinition): UpdateStep {
  const [learningRate, correction1, correction2, gradientScale] = UPDATE_SCALARS.map((name) =>
    input(name, 'f32', []),
  ) as [Tensor, Tensor, Tensor, Tensor];
  const outputs: Record<string, Tensor> = {};
  const inPlace = new Map<string, string>();
  for (const { name, shape, decays } of trainableParameters(definition.model)) {
    const slots = [names.policy(name), names.firstMoment(name), names.secondMoment(name)] as const;
    const [parameter, firstMoment, secondMoment] = slots.map((slot) => input(slot, 'f32', shape)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const stepped = adamw(
      { parameter, firstMoment, secondMoment },
      input(names.gradient(name), 'f32', shape),
      { learningRate, correction1, correction2, gradientScale },
      { ...definition.optimizer, weightDecay: decays ? definition.optimizer.weightDecay : 0 },
    );
    outputs[slots[0]] = stepped.parameter;
    outputs[slots[1]] = stepped.firstMoment;
    outputs[slots[2]] = stepped.secondMoment;
    for (const slot of slots) inPlace.set(slot, slot);
  }
  return { graph: traceGraph(outputs), inPlace };
}
