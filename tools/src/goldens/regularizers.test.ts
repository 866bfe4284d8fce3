import type { NetworkTensors, PenaltyContext, Regularizer } from '@tether/core';
import { grad, input, type Tensor } from '@tether/graph';
import { plugin as ganpo } from '@tether/regularizer-ganpo';
import { plugins as latent } from '@tether/regularizer-latent';
import { evaluatePart, makeBatchViews, type Point, type Points } from '@tether/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { initialValues, type TensorEntry } from './discriminators.ts';
import { readGolden } from './files.ts';
import { expectTensors, type TensorSummary } from './summary.ts';

interface PenaltyGolden {
  readonly penalty: number;
  /** By the policy's latents, [B, 2, L, H]. */
  readonly latent_gradient: readonly number[];
}

interface VariantGolden extends PenaltyGolden {
  readonly options: object;
  readonly tensors: readonly TensorEntry[];
  readonly loss: number;
  readonly parts: Readonly<
    Record<string, Readonly<Record<'loss', number> & Partial<Record<'gradient_penalty', number>>>>
  >;
  readonly gradients: Readonly<Record<string, TensorSummary>>;
}

interface RegularizerGoldens {
  readonly seed: number;
  readonly sizes: Readonly<Record<'rows' | 'viewLength' | 'hiddenSize', number>>;
  readonly points: Readonly<Record<string, readonly number[]>>;
  readonly ganpo: readonly VariantGolden[];
  readonly distances: readonly (PenaltyGolden & { readonly plugin: string })[];
}

const golden = readGolden('regularizers.json') as RegularizerGoldens;

/** Float64 on both sides: what remains is the order of sums, and cancellation in squared distances. */
const TOLERANCE = 1e-10;

const { rows, viewLength, hiddenSize } = golden.sizes;
const sizes = { completionLength: viewLength - 1, viewLength, hiddenSize, vocabularySize: 3 };
const batch = makeBatchViews({ rows: Array.from({ length: rows }, (_, content) => ({ content })), sizes });
const seed = input('seed', 'i32', []);

const replaced = (points: Points, numbers: Readonly<Record<string, readonly number[]>>): Points =>
  Object.fromEntries(
    Object.entries(points).map(([name, point]) => [name, { ...point, data: numbers[name] ?? point.data }]),
  );

const points: Points = {
  ...replaced(batch.points, golden.points),
  seed: { dtype: 'i32', shape: [], data: [golden.seed] },
};

let largest = 0;

function expectNear(actual: number, expected: number, what: string): void {
  const error = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
  largest = Math.max(largest, error);
  expect(error, `${what}: ${actual} instead of ${expected}`).toBeLessThanOrEqual(TOLERANCE);
}

function expectGradient(found: Point, expected: readonly number[], side: string): void {
  expected.forEach((value, at) => expectNear(found.data[at]!, value, `${side} ${at}`));
}

/** A regularizer's context over the batch, with inputs for its networks. */
function contextOf(plugin: Regularizer, options: object): PenaltyContext<unknown> {
  const config = plugin.config.parse(options);
  const spec = plugin.networks?.({ hiddenSize, vocabularySize: sizes.vocabularySize }, config);
  const load = (part: 'parameters' | 'state'): NetworkTensors =>
    Object.fromEntries(
      Object.entries(spec?.[part] ?? {}).map(([name, { shape }]) => [name, input(`${part}/${name}`, 'f32', shape)]),
    );
  return { key: 'tested', views: batch.views, config, parameters: load('parameters'), state: load('state'), seed };
}

const latents = batch.tensors['policy/latents']!;

describe('distances of hidden states against PyTorch', () => {
  it.each(golden.distances)('$plugin', ({ plugin: name, penalty, latent_gradient: gradient }) => {
    const { loss } = latent[name]!.penalty(contextOf(latent[name]!, {}));
    const found = evaluatePart(points, { loss, gradient: grad(loss, [latents])[0]! });
    expectNear(found['loss']!.data[0]!, penalty, 'penalty');
    expectGradient(found['gradient']!, gradient, 'gradient');
  });
});

/** The networks' initial values by our names; running means and the count of updates begin at 0. */
function networkPoints({ parameters, state }: PenaltyContext<unknown>, tensors: readonly TensorEntry[]): Points {
  const values = new Map(
    tensors.map((entry) => [`${entry.network}.${entry.name.replace('weight_orig', 'weight')}`, initialValues(entry)]),
  );
  const part = (prefix: string, loaded: NetworkTensors): [string, Point][] =>
    Object.entries(loaded).map(([name, { shape }]) => [
      `${prefix}/${name}`,
      { dtype: 'f32', shape, data: values.get(name) ?? [0] },
    ]);
  return Object.fromEntries([...part('parameters', parameters), ...part('state', state)]);
}

const ourName = (name: string): string => name.replace('weight_orig', 'weight');

describe('GANPO’s variants against PyTorch', () => {
  const sizes = new Set(['width', 'heads', 'layers', 'feed_forward_ratio', 'max_positions', 'dropout']);
  const titled = golden.ganpo.map((record) => ({
    ...record,
    title: JSON.stringify(Object.fromEntries(Object.entries(record.options).filter(([name]) => !sizes.has(name)))),
  }));
  it.each(titled)('$title', (record) => {
    const context = contextOf(ganpo, record.options);
    const all = { ...points, ...networkPoints(context, record.tensors) };
    const { loss, metrics = {}, state = {} } = ganpo.opponent!.loss(context);
    const names = Object.keys(context.parameters);
    const gradients = grad(loss, Object.values(context.parameters));
    // The penalty sees what the opponent's forwards made of means and vectors; the discriminators have not stepped.
    const penalty = ganpo.penalty({ ...context, state: { ...context.state, ...state } }).loss;
    const outputs: Record<string, Tensor> = {
      ...metrics,
      ...Object.fromEntries(names.map((name, index) => [`gradient ${name}`, gradients[index]!])),
      loss,
      penalty,
      latents: grad(penalty, [latents])[0]!,
    };
    const found = evaluatePart(all, outputs);
    const value = (name: string): number => found[name]!.data[0]!;
    expectNear(value('loss'), record.loss, 'loss');
    for (const [network, parts] of Object.entries(record.parts)) {
      for (const [part, expected] of Object.entries(parts))
        expectNear(value(`tested/${network}/${part}`), expected, part);
    }
    expectNear(value('penalty'), record.penalty, 'penalty');
    expectGradient(found['latents']!, record.latent_gradient, 'gradient by the latent');
    // A bias that shifts all scores alike has a gradient of 0 against means: as a share of the largest of all.
    const scale = Math.max(...Object.values(record.gradients).map(({ maxAbs }) => maxAbs));
    const error = expectTensors((name) => found[`gradient ${ourName(name)}`]!.data, record.gradients, {
      tolerance: TOLERANCE,
      spread: 'independent',
      scaleOf: () => scale,
    });
    largest = Math.max(largest, error);
  });

  afterAll(() => console.info(`largest error of regularizers: ${largest.toExponential(1)}`));
});
