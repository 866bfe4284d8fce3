import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineObjective, defineRegularizer, type LossResult } from '../contracts/index.ts';
import { referenceSource } from '../training/index.ts';
import { PAIRS, pairBatch } from '../testing/batches.ts';
import { criticPenalty, tokenObjective } from '../testing/plugins.ts';
import { tinyModel } from '../testing/tinyModel.ts';
import type { ObjectiveUse, RegularizerUse, StepDefinition } from './definition.ts';
import { evaluationStep } from './evaluationStep.ts';
import { gradientStep } from './gradientStep.ts';

const { shape } = pairBatch(PAIRS.slice(0, 2));

const bug = new TypeError("Cannot read properties of undefined (reading 'shape')");
const fail = (): LossResult => {
  throw bug;
};

const about = { description: 'has a bug', config: z.strictObject({}), needs: () => [] };
const objective: ObjectiveUse = { config: {}, plugin: defineObjective({ ...about, name: 'mine', loss: fail }) };
const regularizer = (penalty: () => LossResult): RegularizerUse => ({
  key: 'mine2',
  config: {},
  plugin: defineRegularizer({ ...about, name: 'mine', penalty }),
});
const buggyOpponent: RegularizerUse = {
  ...criticPenalty,
  plugin: { ...criticPenalty.plugin, opponent: { ...criticPenalty.plugin.opponent!, loss: fail } },
};

const definitionOf = (uses: Partial<Pick<StepDefinition, 'objective' | 'regularizers'>>): StepDefinition => {
  const run = { objective: tokenObjective, regularizers: [], ...uses };
  const optimizer = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 };
  return { ...run, model: tinyModel(), optimizer, maxGradNorm: 1, reference: referenceSource(run, false) };
};

const errorOf = (build: () => unknown): Error => {
  try {
    build();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('no error was thrown');
};

const trained = (uses: Parameters<typeof definitionOf>[0]) =>
  errorOf(() => gradientStep(definitionOf(uses), shape, { continues: false, completes: true }));

describe('a plugin that throws', () => {
  it.each([
    ['an objective', 'objective mine', () => trained({ objective })],
    [
      'an objective in an evaluation',
      'objective mine',
      () => errorOf(() => evaluationStep(definitionOf({ objective }), shape, true)),
    ],
    ['a regularizer', 'regularizer mine2', () => trained({ regularizers: [regularizer(fail)] })],
    ['an opponent', 'regularizer critic', () => trained({ regularizers: [buggyOpponent] })],
  ])('is named, with the stack of its own error: %s', (_, who, error) => {
    const { message, cause, stack } = error();
    expect(message).toBe(`${who}: ${bug.message}`);
    expect(cause).toBe(bug);
    expect(stack).toBe(bug.stack);
  });

  it('is named too where what it returns is no loss', () => {
    const nothing = regularizer(() => undefined as unknown as LossResult); // as plain JavaScript may
    expect(trained({ regularizers: [nothing] }).message).toMatch(/^regularizer mine2: /);
  });
});
