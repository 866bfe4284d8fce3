import { cast, constant, dropout, iota, mul, printGraph, reduceSum, verify } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineRegularizer, type BatchViews, type ModelViews, type Need } from '../contracts/index.ts';
import { weightScheduleSchema } from '../optimizer/index.ts';
import { referenceSource } from '../training/index.ts';
import { PAIRS, pairBatch } from '../testing/batches.ts';
import { criticPenalty, divergencePenalty, pairObjective, tokenObjective } from '../testing/plugins.ts';
import { tinyModel } from '../testing/tinyModel.ts';
import { testTrainer } from '../testing/trainers.ts';
import { requireMismatched, requireReference } from '../views/index.ts';
import { names, type ObjectiveUse, type RegularizerUse, type StepDefinition } from './definition.ts';
import { gradientStep } from './gradientStep.ts';
import { updateStep } from './updateStep.ts';

const WHOLE = { continues: false, completes: true };
const { shape } = pairBatch(PAIRS.slice(0, 2));

const definitionOf = (objective: ObjectiveUse, regularizers: readonly RegularizerUse[] = []): StepDefinition => ({
  model: tinyModel(),
  objective,
  regularizers,
  optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 },
  maxGradNorm: 1,
  reference: referenceSource({ objective, regularizers }, false),
});

const stepOf = (objective: ObjectiveUse, ...regularizers: readonly RegularizerUse[]) =>
  gradientStep(definitionOf(objective, regularizers), shape, WHOLE);

const readingNames = (step: ReturnType<typeof stepOf>): string[] => step.layout.map(({ name }) => name);

/** Reads one thing of the batch, and declares what it is told to. */
const viewReader = (needs: readonly Need[], read: (views: BatchViews) => unknown): RegularizerUse => ({
  key: 'reader',
  config: {},
  plugin: defineRegularizer({
    name: 'reader',
    description: 'reads one thing',
    config: z.strictObject({}),
    needs: () => needs,
    penalty({ views }) {
      read(views);
      return { loss: constant(0) };
    },
  }),
});

/** The same of one thing of the reference. */
const reader = (needs: readonly Need[], read: (reference: ModelViews) => unknown): RegularizerUse =>
  viewReader(needs, (views) => read(requireReference(views)));

const reporter = (metric: string): RegularizerUse => ({
  key: metric,
  config: {},
  plugin: defineRegularizer({
    name: metric,
    description: 'reports a metric',
    config: z.strictObject({}),
    needs: () => [],
    penalty: () => ({ loss: constant(0), metrics: { shared: constant(0) } }),
  }),
});

describe('the gradient step', () => {
  it.each([
    ['the objective alone', []],
    ['a penalty', [divergencePenalty]],
    ['a penalty and an opponent', [divergencePenalty, criticPenalty]],
  ] as const)('is a sound graph with %s', (_, regularizers) => {
    verify(stepOf(pairObjective, ...regularizers).graph);
  });

  it('computes no reference that nobody asked for', () => {
    expect(printGraph(stepOf(tokenObjective).graph)).not.toContain('reference');
    expect([...stepOf(pairObjective).graph.inputs.keys()]).toContain('reference/mix');
  });

  it('gives an opponent’s new tensors beside the policy’s gradients', () => {
    const outputs = [...stepOf(tokenObjective, criticPenalty).graph.outputs.keys()];
    expect(outputs.filter((name) => name.startsWith('network/')).sort()).toEqual([
      'network/critic/firstMoment/weight',
      'network/critic/parameter/weight',
      'network/critic/secondMoment/weight',
      'network/critic/state/mean',
    ]);
  });

  it('keeps opponent and policy apart: neither’s loss moves the other', async () => {
    const batches = [[pairBatch(PAIRS.slice(0, 3))]];
    const momentsAfter = async (regularizers: readonly RegularizerUse[], weight: number, slot: string) => {
      const weights = regularizers.map(() => ({ weight, schedule: weightScheduleSchema.parse({}) }));
      const settings = { max_grad_norm: 0 };
      const { trainer } = await testTrainer({ objective: tokenObjective, regularizers, weights, batches, settings });
      await trainer.step(0);
      return (await trainer.state.download(slot)).data;
    };
    // The opponent trains beside the policy: with a penalty of weight 0 the policy notices nothing …
    const alone = await momentsAfter([], 0, names.firstMoment('mix'));
    expect(await momentsAfter([criticPenalty], 0, names.firstMoment('mix'))).toEqual(alone);
    expect(await momentsAfter([criticPenalty], 1, names.firstMoment('mix'))).not.toEqual(alone);
    // … and the opponent is not moved by the penalty, however heavy.
    const slot = names.network('critic', 'firstMoment', 'weight');
    expect(await momentsAfter([criticPenalty], 9, slot)).toEqual(await momentsAfter([criticPenalty], 0, slot));
  });
});

describe('what plugins may read', () => {
  it.each([
    ['referenceLogps', (reference: ModelViews) => reference.logps],
    ['referencePredictorStates', (reference: ModelViews) => reference.predictorStates],
    ['referenceLatents', (reference: ModelViews) => reference.latents],
  ] as const)('is what they declare: %s', (need, read) => {
    const others: Need[] = ['referenceLogps', 'referencePredictorStates', 'referenceLatents'];
    const undeclared = others.filter((other) => other !== need);
    expect(() => stepOf(tokenObjective, reader([need], read))).not.toThrow();
    expect(() => stepOf(tokenObjective, reader(undeclared, read))).toThrow(`without declaring "${need}" in its needs`);
  });

  it('is not what others of the run declare', () => {
    const everything = {
      ...viewReader(['latents', 'referenceLogps', 'mismatchedLogps', 'divergence/reverse'], () => undefined),
      key: 'other',
    };
    const reads: readonly (readonly [Need, (views: BatchViews) => unknown])[] = [
      ['latents', ({ policy }) => policy.latents],
      ['latents', ({ policy }) => policy.layerLatents(0)],
      ['mismatchedLogps', (views) => requireMismatched(views)],
      ['divergence/reverse', ({ divergence }) => divergence('reverse')],
    ];
    for (const [need, read] of reads) {
      const careless = viewReader([], read);
      expect(() => stepOf(tokenObjective, everything, viewReader([need], read)), need).not.toThrow();
      expect(() => stepOf(tokenObjective, everything, careless), need).toThrow(
        new RegExp(`^regularizer reader: .*without declaring "${need}" in its needs`),
      );
    }
    const careless = viewReader([], (views) => requireReference(views));
    expect(() => stepOf(tokenObjective, everything, careless)).toThrow('reads the reference without declaring it');
  });

  it('holds for opponents as well', () => {
    const careless = {
      ...criticPenalty,
      plugin: { ...criticPenalty.plugin, needs: () => ['referenceLatents' as const] },
    };
    expect(() => stepOf(tokenObjective, careless)).toThrow(
      'regularizer critic: something is read without declaring "latents"',
    );
  });

  it('does not include a reference where nobody declares one', () => {
    const step = () =>
      stepOf(
        tokenObjective,
        reader([], ({ logps }) => logps),
      );
    expect(step).toThrow('a plugin reads the reference without declaring it');
  });
});

describe('random draws', () => {
  const drawing = (key: string, stream = 0): RegularizerUse => ({
    key,
    config: {},
    plugin: defineRegularizer({
      name: 'drawing',
      description: 'draws numbers',
      config: z.strictObject({}),
      needs: () => [],
      penalty({ seed }) {
        const dropped = dropout(constant(1, 'f32', [1000]), 0.5, seed, stream);
        const places = iota([1000], 0);
        return { loss: constant(0), gauges: { [`${key}/drawn`]: reduceSum(mul(dropped, cast(places, 'f32'))) } };
      },
    }),
  });
  const draws = async (...keys: readonly string[]) => {
    const { trainer } = await testTrainer({
      objective: tokenObjective,
      regularizers: keys.map((key) => drawing(key)),
      batches: [[pairBatch(PAIRS.slice(0, 2))]],
    });
    const steps = [await trainer.step(0), await trainer.step(1)];
    return keys.map((key) => steps.map(({ readings }) => readings[`${key}/drawn`]!));
  };

  it('are each regularizer’s own, even in one stream, and other numbers in every step', async () => {
    const [first, second] = await draws('first', 'second');
    expect(new Set([...first!, ...second!]).size).toBe(4);
    expect(await draws('second')).toEqual([second]); // whoever else is in the run
  });
});

describe('metric names', () => {
  it('differ for two uses of one plugin', () => {
    const found = readingNames(stepOf(pairObjective, divergencePenalty, { ...divergencePenalty, key: 'divergence2' }));
    expect(found).toEqual(expect.arrayContaining(['divergence/per_token', 'divergence2/per_token']));
    expect(found).toEqual(expect.arrayContaining(['divergence/penalty', 'divergence2/penalty']));
    expect(new Set(found).size).toBe(found.length);
  });

  it('are TRL’s for the objective', () => {
    expect(readingNames(stepOf(pairObjective))).toEqual(
      expect.arrayContaining([
        'loss',
        'logps/chosen',
        'logps/rejected',
        'rewards/chosen',
        'rewards/rejected',
        'rewards/margins',
        'rewards/accuracies',
        'grad_norm',
      ]),
    );
  });

  it('must not be used by two plugins', () => {
    const step = () => stepOf(tokenObjective, reporter('one'), reporter('two'));
    expect(step).toThrow('two plugins of this run report the metric "shared"');
  });
});

describe('the update', () => {
  it('overwrites parameters and moments, reads each of them once, and decays matrices only', () => {
    const { graph, inPlace } = updateStep(definitionOf(tokenObjective));
    verify(graph);
    expect([...inPlace]).toEqual([...graph.outputs.keys()].map((name) => [name, name]));
    const readers = (name: string): number =>
      graph.nodes.filter(({ inputs }) => inputs.includes(graph.inputs.get(name)!)).length;
    expect([...inPlace.values()].map((name) => [name, readers(name)])).toEqual(
      [...inPlace.values()].map((name) => [name, 1]),
    );
    // A decayed parameter is read by the product with 1 − lr·λ, another one by the step itself.
    const readerOf = (name: string): string | undefined =>
      graph.nodes.find(({ inputs }) => inputs.includes(graph.inputs.get(name)!))?.operation.name;
    expect([readerOf('policy/mix'), readerOf('policy/positions')]).toEqual(['mul', 'sub']);
  });
});
