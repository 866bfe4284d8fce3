import { plugin as onnxruntime } from '@tether/backend-onnxruntime';
import { hostTensor, type Backend, type DeviceTensor } from '@tether/core';
import { input, reshape, sliceAxis, traceGraph } from '@tether/graph';
import {
  checkParameters,
  checkTokenizerFits,
  createGenerator,
  languageModel,
  loadModelConfig,
  loadTokenizer,
  openCheckpoint,
  type GeneratingModel,
} from '@tether/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readGolden } from './files.ts';
import { plainRow } from './plainRow.ts';

/** What tools/goldens/gemma3.py writes: answers of transformers in float32 with the real weights. */
interface Gemma3Golden {
  readonly rows: readonly {
    readonly text: string;
    readonly ids: number[];
    /** The 20 largest logits after the last token, by token. */
    readonly top: Readonly<Record<string, number>>;
    readonly log_sum_exp: number;
  }[];
  readonly greedy: number[];
}

/** The folder that tools/goldens/gemma3.py makes; too large to be committed. */
const folder = process.env['TETHER_GEMMA3'];
if (folder === undefined) console.warn('skipped: no Gemma 3 checkpoint: set TETHER_GEMMA3 to its folder');

/** Float32 on both sides through 18 layers; 2e-5 measured. */
const TOLERANCE = 1e-4;

describe.skipIf(folder === undefined)('the real Gemma 3 of 270 million parameters on onnxruntime', () => {
  const golden = readGolden('gemma3-270m.json') as Gemma3Golden;
  let backend: Backend;
  let model: GeneratingModel;
  const parameters = new Map<string, DeviceTensor>();

  beforeAll(async () => {
    backend = await onnxruntime.create(onnxruntime.config.parse({}));
    const { config } = await loadModelConfig(folder!);
    model = languageModel(config);
    const reader = await openCheckpoint(folder!);
    await checkParameters(reader, config);
    for (const { name, shape } of model.parameters) {
      parameters.set(name, await backend.upload(hostTensor('f32', shape, await reader.read(name))));
    }
    await reader.close();
  }, 120_000);

  afterAll(async () => {
    for (const tensor of parameters.values()) backend.release(tensor);
    await backend.dispose();
  });

  /** Logits [V] after the last of the tokens. */
  async function lastLogits(ids: readonly number[]): Promise<ArrayLike<number>> {
    const length = ids.length;
    const weights = Object.fromEntries(model.parameters.map(({ name, shape }) => [name, input(name, 'f32', shape)]));
    const row = plainRow(ids);
    const states = reshape(model.hiddenStates(weights, row.inputs), [length, model.hiddenSize]);
    const logits = model.head(weights).logits(sliceAxis(states, 0, length - 1, length), 0, model.vocabularySize);
    const graph = traceGraph({ logits });
    const inputs = new Map(parameters);
    for (const [name, tensor] of row.values) inputs.set(name, await backend.upload(tensor));
    const executable = await backend.compile(graph, { label: 'gemma3' });
    const used = new Map([...inputs].filter(([name]) => graph.inputs.has(name)));
    const output = (await executable.run(used)).get('logits')!;
    const { data } = await backend.download(output);
    for (const tensor of [output, ...[...row.values.keys()].map((name) => inputs.get(name)!)]) backend.release(tensor);
    await executable.dispose();
    return data;
  }

  it('gives texts the ids of transformers', async () => {
    const tokenizer = await loadTokenizer(folder!);
    checkTokenizerFits(tokenizer, (await loadModelConfig(folder!)).config, folder!);
    for (const { text, ids } of golden.rows) expect(tokenizer.encode(text)).toEqual(ids);
  }, 60_000);

  it.each(golden.rows)(
    'gives its logits after "$text"',
    async ({ ids, top, log_sum_exp: expected }) => {
      const logits = await lastLogits(ids);
      const errors = Object.entries(top).map(([token, logit]) => Math.abs(logits[Number(token)]! - logit));
      const largest = Math.max(...Object.values(top));
      const total = largest + Math.log(Array.from(logits).reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
      console.info(`${ids.length} tokens: logits within ${Math.max(...errors).toExponential(1)} of transformers`);
      expect(Math.max(...errors, Math.abs(total - expected))).toBeLessThan(TOLERANCE);
    },
    120_000,
  );

  it('continues a text as transformers does', async () => {
    const generator = createGenerator({ backend, model, maxLength: 64 });
    const options = { maxNewTokens: golden.greedy.length, temperature: 0 };
    const [result] = await generator.generate(parameters, [golden.rows[0]!.ids], options);
    expect(result!.tokens).toEqual(golden.greedy);
    await generator.dispose();
  }, 240_000);
});
