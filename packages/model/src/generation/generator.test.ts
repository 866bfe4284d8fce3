import { readFileSync } from 'node:fs';
import { hostTensor, type Backend, type DeviceTensor } from '@tether/core';
import { interpreterBackend } from '@tether/core/testing';
import { evaluate, input, reshape, traceGraph } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../checkpoint/index.ts';
import { loadModelConfig } from '../config/index.ts';
import { languageModel } from '../languageModel.ts';
import { parameterInputs, randomWeights, smallConfig } from '../testing/models.ts';
import { stories260K } from '../testing/sharedData.ts';
import { loadTokenizer } from '../tokenizer/index.ts';
import { createGenerator, type GeneratingModel } from './index.ts';

type Weights = Readonly<Record<string, Float32Array | Float64Array>>;

async function upload(backend: Backend, model: GeneratingModel, weights: Weights): Promise<Map<string, DeviceTensor>> {
  const entries = model.parameters.map(
    async ({ name, shape }) => [name, await backend.upload(hostTensor('f32', shape, weights[name]!))] as const,
  );
  return new Map(await Promise.all(entries));
}

/** Logits of the token after `tokens`, from the whole row at once, without a cache. */
function nextLogits(model: GeneratingModel, weights: Weights, tokens: readonly number[]): Float64Array {
  const length = tokens.length;
  const parameters = parameterInputs(model);
  const make = (name: string) => input(name, 'i32', [1, length]);
  const rows = {
    tokens: make('tokens'),
    segments: make('segments'),
    positions: make('positions'),
    keyMask: make('keyMask'),
  };
  const states = reshape(model.hiddenStates(parameters, rows), [length, model.hiddenSize]);
  const logits = model.head(parameters).logits(states, 0, model.vocabularySize);
  const ones = tokens.map(() => 1);
  const given = { ...weights, tokens, segments: ones, positions: [...tokens.keys()], keyMask: ones };
  return evaluate(traceGraph({ logits }), given).get('logits')!.data.slice(-model.vocabularySize);
}

const logSoftmax = (logits: Float64Array): Float64Array => {
  const largest = Math.max(...logits);
  const total = largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  return logits.map((logit) => logit - total);
};

const model = languageModel(smallConfig());
const weights = randomWeights(model, 3);
const prompts = [[1, 5, 2], [4], [9, 9, 0, 3, 11, 6, 2], [1, 5, 2]];

async function setUp(maxBatch?: number) {
  const backend = interpreterBackend();
  const parameters = await upload(backend, model, weights);
  const generator = createGenerator({ backend, model, maxLength: 40, ...(maxBatch === undefined ? {} : { maxBatch }) });
  return { backend, parameters, generator };
}

describe('createGenerator', () => {
  it('continues greedily as the model without a cache would, with the log-probs of its tokens', async () => {
    const { parameters, generator } = await setUp();
    const results = await generator.generate(parameters, prompts, { maxNewTokens: 6, temperature: 0 });
    results.forEach(({ tokens, logps, stop }, index) => {
      const row = [...prompts[index]!];
      tokens.forEach((token, step) => {
        const expected = logSoftmax(nextLogits(model, weights, row));
        expect(token).toBe(expected.indexOf(Math.max(...expected)));
        expect(logps[step]).toBeCloseTo(expected[token]!, 10); // float64; the cache sums in another order
        row.push(token);
      });
      expect(tokens).toHaveLength(6);
      expect(stop).toBe('length');
    });
  });

  it('gives a prompt the same text alone, in a batch, and in batches of another size', async () => {
    const options = { maxNewTokens: 8, temperature: 1.3, topP: 0.9, seed: 7 };
    const { parameters, generator } = await setUp();
    const together = await generator.generate(parameters, prompts, options);
    const pairs = await setUp(2);
    expect(await pairs.generator.generate(pairs.parameters, prompts, options)).toEqual(together);
    for (const [index, prompt] of prompts.entries()) {
      const [alone] = await generator.generate(parameters, [prompt], { ...options, streams: [index] });
      expect(alone!.tokens).toEqual(together[index]!.tokens);
    }
  });

  it('is deterministic for a seed, and another seed or stream gives another text', async () => {
    const { parameters, generator } = await setUp();
    const run = async (seed: number) =>
      (await generator.generate(parameters, prompts, { maxNewTokens: 8, temperature: 2, seed })).map((r) => r.tokens);
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
    expect(first[3]).not.toEqual(first[0]); // the same prompt in another stream
  });

  it('ends a text at the first end token, which is its last, while others go on', async () => {
    const { parameters, generator } = await setUp();
    const options = { maxNewTokens: 8, temperature: 0 };
    const free = await generator.generate(parameters, prompts, options);
    const end = free[0]!.tokens[2]!;
    const ended = await generator.generate(parameters, prompts, { ...options, eosTokenIds: [end] });
    ended.forEach(({ tokens, logps, stop }, index) => {
      const at = free[index]!.tokens.indexOf(end);
      expect(tokens).toEqual(at < 0 ? free[index]!.tokens : free[index]!.tokens.slice(0, at + 1));
      expect(logps).toHaveLength(tokens.length);
      expect(stop).toBe(at < 0 ? 'length' : 'end');
    });
  });

  it('stops where the model’s positions end', async () => {
    const { parameters, generator } = await setUp();
    const long = Array.from({ length: 37 }, (_, index) => index % 13);
    const [result] = await generator.generate(parameters, [long], { maxNewTokens: 100, temperature: 0 });
    expect(result).toMatchObject({ stop: 'length', tokens: { length: 3 } });
  });

  it('compiles each bucket once and keeps nothing on the device but the parameters', async () => {
    const { backend, parameters, generator } = await setUp(2);
    for (let time = 0; time < 2; time++) await generator.generate(parameters, prompts, { maxNewTokens: 4 });
    expect(backend.labels).toEqual(['prefill 2×16', 'decode 2×16']);
    expect(backend.live).toEqual(new Set(parameters.values()));
    await generator.dispose();
  });

  it('keeps nothing on the device when a run fails', async () => {
    const backend = interpreterBackend();
    const parameters = await upload(backend, model, {
      ...weights,
      'model.norm.weight': new Float64Array(8).fill(Number.NaN),
    });
    const generator = createGenerator({ backend, model, maxLength: 40 });
    await expect(generator.generate(parameters, prompts, { maxNewTokens: 4 })).rejects.toThrow('not a number');
    expect(backend.live).toEqual(new Set(parameters.values()));
  });

  it.each(['prefill 4×16', 'decode 4×16'])(
    'tells why %s failed, and keeps nothing but the parameters',
    async (label) => {
      const backend = interpreterBackend({ failingRuns: label });
      const parameters = await upload(backend, model, weights);
      const generator = createGenerator({ backend, model, maxLength: 40 });
      await expect(generator.generate(parameters, prompts, { maxNewTokens: 4 })).rejects.toThrow(`${label}: no memory`);
      expect(backend.live).toEqual(new Set(parameters.values()));
      await generator.dispose();
    },
  );

  it('can be disposed of after a graph that could not be compiled', async () => {
    const backend = interpreterBackend({ failingCompiles: 'decode 4×16' });
    const parameters = await upload(backend, model, weights);
    const generator = createGenerator({ backend, model, maxLength: 40 });
    await expect(generator.generate(parameters, prompts, { maxNewTokens: 4 })).rejects.toThrow('decode 4×16');
    await generator.dispose();
  });

  it.each([NaN, Infinity, -1, 2.5])('refuses %d new tokens', async (maxNewTokens) => {
    const { parameters, generator } = await setUp();
    await expect(generator.generate(parameters, prompts, { maxNewTokens })).rejects.toThrow('maxNewTokens must be');
  });

  it('names prompts and parameters that do not fit', async () => {
    const { parameters, generator } = await setUp();
    const options = { maxNewTokens: 2 };
    await expect(generator.generate(parameters, [[1], []], options)).rejects.toThrow('prompt 1 is empty');
    await expect(generator.generate(parameters, [[13]], options)).rejects.toThrow('prompt 0 holds token 13');
    await expect(generator.generate(parameters, [new Array(40).fill(1)], options)).rejects.toThrow('40 tokens');
    await expect(generator.generate(new Map(), [[1]], options)).rejects.toThrow('"model.');
    expect(await generator.generate(parameters, [], options)).toEqual([]);
    expect(await generator.generate(parameters, [[1]], { maxNewTokens: 0 })).toEqual([
      { tokens: [], logps: [], stop: 'length' },
    ]);
  });
});

const folder = stories260K();
describe.skipIf(folder === undefined)('the real checkpoint stories260K', () => {
  it('tells the known story', async () => {
    const { config } = await loadModelConfig(folder!);
    const tokenizer = await loadTokenizer(folder!);
    const stories = languageModel(config);
    const checkpoint = await openCheckpoint(folder!);
    const backend = interpreterBackend();
    const parameters = new Map<string, DeviceTensor>();
    for (const { name, shape } of stories.parameters) {
      parameters.set(name, await backend.upload(hostTensor('f32', shape, await checkpoint.read(name))));
    }
    await checkpoint.close();
    const golden = JSON.parse(
      readFileSync(new URL('../testdata/stories260k-logits.json', import.meta.url), 'utf8'),
    ) as { greedy: { prompt: string; ids: number[]; text: string } };
    const generator = createGenerator({ backend, model: stories, maxLength: config.maxPositionEmbeddings });
    const [result] = await generator.generate(parameters, [tokenizer.encode(golden.greedy.prompt)], {
      maxNewTokens: golden.greedy.ids.length,
      temperature: 0,
    });
    expect(result!.tokens).toEqual(golden.greedy.ids);
    expect(tokenizer.decode(result!.tokens)).toContain(
      'little girl named Lily. She loved to play outside in the park.',
    );
  });
});
