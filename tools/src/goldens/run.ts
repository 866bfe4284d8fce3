import {
  gradientStep,
  hostTensor,
  READINGS,
  countBatches,
  countValues,
  batchValues,
  regularizerSeedName,
  scalarValue,
  seedValue,
  weightName,
  names,
  type Backend,
  type HostArray,
  type HostBatch,
  type HostTensor,
  type MicroBatchRole,
  type ObjectiveUse,
  type RegularizerUse,
  type StepDefinition,
  referenceSource,
} from '@tether/core';
import type { GoldenModel } from './policy.ts';

/** The first micro-batch of several: gradients come out, and opponents do not step. */
const GRADIENTS_ONLY: MicroBatchRole = { continues: false, completes: false };

export const definitionOf = (
  { model }: GoldenModel,
  objective: ObjectiveUse,
  regularizers: readonly RegularizerUse[],
): StepDefinition => ({
  model,
  objective,
  regularizers,
  optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  maxGradNorm: 1,
  reference: referenceSource({ objective, regularizers }, false),
});

export interface GoldenRun {
  readonly readings: Readonly<Record<string, number>>;
  /** Names of the step's outputs. */
  readonly outputs: readonly string[];
  /** Values of any output of the step by its name. */
  output(name: string): HostArray;
}

/** Runs one batch's gradient step. `extra` gives the tensors of regularizers' networks. */
export async function runBatch(
  backend: Backend,
  golden: GoldenModel,
  definition: StepDefinition,
  batch: HostBatch,
  extra: ReadonlyMap<string, HostTensor> = new Map(),
): Promise<GoldenRun> {
  const { graph, layout } = gradientStep(definition, batch.shape, GRADIENTS_ONLY);
  const values = new Map<string, HostTensor>([
    ...batchValues(batch),
    ...countValues(countBatches([batch])),
    seedValue('seed', 1),
    ...definition.regularizers.map(({ key }) => seedValue(regularizerSeedName(key), 1)),
    ...definition.regularizers.map(({ key }) => scalarValue(weightName(key), 1)),
    ...extra,
  ]);
  for (const { name, shape } of golden.model.parameters) {
    values.set(names.policy(name), hostTensor('f32', shape, golden.policy.get(name)!));
    values.set(names.reference(name), hostTensor('f32', shape, golden.reference.get(name)!));
  }
  const executable = await backend.compile(graph, { label: 'golden' });
  const inputs = new Map(
    await Promise.all(
      [...graph.inputs.keys()].map(async (name) => [name, await backend.upload(values.get(name)!)] as const),
    ),
  );
  const outputs = await executable.run(inputs);
  const hosts = new Map<string, HostArray>();
  for (const [name, tensor] of outputs) hosts.set(name, (await backend.download(tensor)).data);
  for (const tensor of [...inputs.values(), ...outputs.values()]) backend.release(tensor);
  await executable.dispose();
  const output = (name: string): HostArray => {
    const data = hosts.get(name);
    if (data === undefined) throw new Error(`the step has no output ${name}`);
    return data;
  };
  const vector = output(READINGS);
  return {
    readings: Object.fromEntries(layout.map(({ name }, index) => [name, vector[index]!])),
    outputs: [...hosts.keys()],
    output,
  };
}
