import { createReferenceBackend } from '@tether/backend-reference';
import { plugin as onnxruntime } from '@tether/backend-onnxruntime';
import { hostTensor, names, type Backend, type DeviceTensor, type HostArray } from '@tether/core';
import { input, reshape, traceGraph } from '@tether/graph';
import { createGenerator, languageModel, type DecoderConfig, type ModelConfig } from '@tether/model';
import { plugin as dpo } from '@tether/objective-dpo';
import { afterAll, describe, expect, it } from 'vitest';
import { architectureBatch, architectureGolden, architectureModel, architectureNames } from './architectures.ts';
import { plainRow } from './plainRow.ts';
import { definitionOf, runBatch } from './run.ts';
import { expectTensors } from './summary.ts';

interface Suite {
  readonly title: string;
  readonly create: () => Promise<Backend>;
  /** Of logits and hidden states, absolute: transformers' own float32 logits are up to 1e-5 away from float64's. */
  readonly logits: number;
  /** Of gradients computed in float64, as a share of each tensor's largest entry; of the loss and metrics too. */
  readonly gradients: number;
}

const SUITES: readonly Suite[] = [
  { title: 'reference', create: async () => createReferenceBackend(), logits: 2e-5, gradients: 1e-9 },
  {
    title: 'onnxruntime',
    create: () => onnxruntime.create(onnxruntime.config.parse({})),
    logits: 1e-4,
    gradients: 1e-3, // float32 through all layers; 1e-5 measured
  },
];

/** Logits [T·V] and the last place's hidden states [H] of one row. */
async function forward(
  backend: Backend,
  name: string,
  altered?: ModelConfig,
): Promise<{ logits: HostArray; hidden: HostArray }> {
  const golden = architectureGolden(name);
  const { config, policy } = architectureModel(golden);
  const model = languageModel(altered ?? config);
  const parameters = Object.fromEntries(
    model.parameters.map((spec) => [spec.name, input(spec.name, 'f32', spec.shape)]),
  );
  const row = plainRow(golden.row);
  const hidden = reshape(model.hiddenStates(parameters, row.inputs), [golden.row.length, model.hiddenSize]);
  const logits = model.head(parameters).logits(hidden, 0, model.vocabularySize);
  const graph = traceGraph({ hidden, logits });
  const values = new Map([
    ...model.parameters.map((spec) => [spec.name, hostTensor('f32', spec.shape, policy.get(spec.name)!)] as const),
    ...row.values,
  ]);
  const inputs = new Map<string, DeviceTensor>();
  for (const key of graph.inputs.keys()) inputs.set(key, await backend.upload(values.get(key)!));
  const executable = await backend.compile(graph, { label: name });
  const outputs = await executable.run(inputs);
  const [states, scores] = [
    await backend.download(outputs.get('hidden')!),
    await backend.download(outputs.get('logits')!),
  ];
  for (const tensor of [...inputs.values(), ...outputs.values()]) backend.release(tensor);
  await executable.dispose();
  return { logits: scores.data, hidden: states.data.slice(-model.hiddenSize) };
}

const largestDifference = (ours: HostArray, expected: readonly number[]): number => {
  expect(ours.length).toBe(expected.length);
  return expected.reduce((most, x, index) => Math.max(most, Math.abs(x - ours[index]!)), 0);
};

describe.each(SUITES)('on $title, as transformers', ({ title, create, logits: tolerance, gradients }) => {
  const measured: string[] = [];
  const backend = create();
  afterAll(async () => {
    console.info(`${title}, largest errors of logits and of gradients:\n  ${measured.join('\n  ')}`);
    await (await backend).dispose();
  });

  it.each(architectureNames())('%s: logits, hidden states, and the DPO gradient of every tensor', async (name) => {
    const golden = architectureGolden(name);
    const { logits, hidden } = await forward(await backend, name);
    const logitError = largestDifference(logits, golden.logits.flat());
    expect(logitError).toBeLessThan(tolerance);
    expect(largestDifference(hidden, golden.hidden)).toBeLessThan(
      Math.max(1e-9, title === 'reference' ? 0 : tolerance),
    );

    const model = architectureModel(golden);
    const objective = { plugin: dpo, config: dpo.config.parse({ beta: golden.beta }) };
    const batch = architectureBatch(golden);
    const run = await runBatch(await backend, model, definitionOf(model, objective, []), batch);
    for (const [metric, value] of Object.entries({ loss: golden.loss, ...golden.metrics })) {
      const error = Math.abs(run.readings[metric]! - value);
      expect(error, metric).toBeLessThan(gradients * Math.max(1, Math.abs(value)));
    }
    const rule = { tolerance: gradients, spread: 'independent' } as const;
    const gradientError = expectTensors((tensor) => run.output(names.gradient(tensor)), golden.gradients, rule);
    expect(Object.keys(golden.gradients).sort()).toEqual(model.model.parameters.map((spec) => spec.name).sort());
    measured.push(`${name}: ${logitError.toExponential(1)}, ${gradientError.toExponential(1)}`);
  });

  it.each(architectureNames())('%s: the greedy continuation, with a cache', async (name) => {
    const golden = architectureGolden(name);
    const { config, policy } = architectureModel(golden);
    const model = languageModel(config);
    const device = await backend;
    const parameters = new Map<string, DeviceTensor>();
    for (const spec of model.parameters) {
      parameters.set(spec.name, await device.upload(hostTensor('f32', spec.shape, policy.get(spec.name)!)));
    }
    const generator = createGenerator({ backend: device, model, maxLength: config.maxPositionEmbeddings });
    const options = { maxNewTokens: golden.greedy.length, temperature: 0 };
    // Beside a shorter prompt, so that padding and another row's length must not matter.
    const results = await generator.generate(parameters, [golden.prompt, golden.prompt.slice(0, 3)], options);
    expect(results[0]!.tokens).toEqual(golden.greedy);
    await generator.dispose();
    for (const tensor of parameters.values()) device.release(tensor);
  });
});

/** Changes of a config of the Llama family that a wrong forward pass could amount to. */
function alterations(config: DecoderConfig): [what: string, altered: DecoderConfig][] {
  const { layers, rope } = config;
  const altered: Record<string, Partial<DecoderConfig> | false> = {
    'no window': layers.some(({ window }) => window !== undefined) && {
      layers: layers.map((layer) => ({ ...layer, window: undefined })),
    },
    'a window wider by one': layers.some(({ window }) => window !== undefined) && {
      layers: layers.map((layer) => ({ ...layer, window: layer.window && layer.window + 1 })),
    },
    'one RoPE for all layers': layers.some((layer) => layer.rope !== 'global') && {
      layers: layers.map((layer) => ({ ...layer, rope: 'global' as const })),
    },
    'RoPE unscaled': rope.type !== 'default' && { rope: { type: 'default', theta: rope.theta } },
    'cosines unscaled': 'attentionFactor' in rope && { rope: { ...rope, attentionFactor: 1 } },
    'only short rows': rope.type === 'longrope' && { rope: { ...rope, originalMaxPositionEmbeddings: 1000 } },
    'scores not capped': config.attentionCap !== undefined && { attentionCap: undefined },
    'logits not capped': config.logitCap !== undefined && { logitCap: undefined },
    'embeddings unscaled': config.embeddingScale !== 1 && { embeddingScale: 1 },
    'another gate': config.hiddenAct === 'gelu_pytorch_tanh' && { hiddenAct: 'silu' },
    'scores scaled by 1 % more': { queryScale: config.queryScale * 1.01 },
    'another epsilon': { rmsNormEps: 10 * config.rmsNormEps },
  };
  return Object.entries(altered).flatMap(([what, change]) =>
    change === false ? [] : [[what, { ...config, ...change }] as [string, DecoderConfig]],
  );
}

describe('the goldens notice', () => {
  const cases = architectureNames().flatMap((name) => {
    const { config } = architectureModel(architectureGolden(name));
    return config.modelType === 'gpt2' ? [] : alterations(config).map(([what, altered]) => ({ name, what, altered }));
  });
  it.each(cases)('in $name: $what', async ({ name, altered }) => {
    const { logits } = await forward(createReferenceBackend(), name, altered);
    // Ten times what a correct model may be away.
    expect(largestDifference(logits, architectureGolden(name).logits.flat())).toBeGreaterThan(2e-4);
  });
});
