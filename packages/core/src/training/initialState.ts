import { hostTensor, type Weights } from '../contracts/index.ts';
import { initialValues } from '../random/index.ts';
import { names, networkSpec, trainableParameters, type StepDefinition } from '../step/index.ts';
import type { DeviceState } from './deviceState.ts';
import type { ScalarSource } from './stepScalars.ts';

export interface InitialWeights {
  /** Initial policy; also the reference, unless `referenceWeights` is given. */
  readonly weights: Weights;
  readonly referenceWeights?: Weights;
}

/** Uploads the policy, zeros for its moments, and the reference with the place that it moves in. */
export async function uploadParameters(
  state: DeviceState,
  { definition, weights, referenceWeights = weights }: InitialWeights & { readonly definition: StepDefinition },
): Promise<void> {
  const { model } = definition;
  const put = async (slot: string, name: string, shape: readonly number[], from: Weights): Promise<void> => {
    const data = from.get(name);
    if (data === undefined) throw new Error(`the weights have no tensor "${name}"`);
    await state.upload(slot, hostTensor('f32', shape, data));
  };
  for (const { name, shape } of model.parameters) await put(names.policy(name), name, shape, weights);
  const trained = trainableParameters(model);
  const sizes = trained.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  const zeros = new Float32Array(Math.max(0, ...sizes)); // for all of them: uploading copies or only reads
  for (const [index, { name, shape }] of trained.entries()) {
    const start = hostTensor('f32', shape, zeros.subarray(0, sizes[index]));
    await state.upload(names.firstMoment(name), start);
    await state.upload(names.secondMoment(name), start);
  }
  const frozen = new Set(model.parameters.filter(({ trainable }) => !trainable).map(({ name }) => name));
  for (const { name, shape } of model.referenceParameters) {
    if (!frozen.has(name)) await put(names.reference(name), name, shape, referenceWeights);
  }
  if (definition.reference !== 'moving') return;
  for (const { name, shape } of model.referenceParameters) {
    if (!frozen.has(name)) await put(names.movingReference(name), name, shape, referenceWeights);
  }
}

/** Uploads the networks of the regularizers as their seeds make them, with zeros for their moments. */
export async function uploadNetworks(state: DeviceState, { definition, settings }: ScalarSource): Promise<void> {
  for (const use of definition.regularizers) {
    const spec = networkSpec(definition.model, use);
    for (const part of ['parameter', 'state'] as const) {
      for (const [name, tensor] of Object.entries(part === 'parameter' ? spec.parameters : spec.state)) {
        const slot = names.network(use.key, part, name);
        const values = initialValues(`${use.key}/${part}/${name}`, tensor, settings.seed);
        await state.upload(slot, hostTensor('f32', tensor.shape, values));
        if (part === 'state') continue;
        const zeros = { ...tensor, initializer: { kind: 'constant', value: 0 } } as const;
        for (const moment of ['firstMoment', 'secondMoment'] as const) {
          const none = initialValues(slot, zeros, 0);
          await state.upload(names.network(use.key, moment, name), hostTensor('f32', tensor.shape, none));
        }
      }
    }
  }
}
