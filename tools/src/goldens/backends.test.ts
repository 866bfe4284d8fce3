import { plugin as onnxruntime } from '@tether/backend-onnxruntime';
import { createReferenceBackend } from '@tether/backend-reference';
import type { HostArray, RegularizerUse } from '@tether/core';
import { describe, expect, it } from 'vitest';
import { goldenBatches } from './batch.ts';
import { ganpoUse, networkValues, type DiscriminatorGolden } from './discriminators.ts';
import { CHECKPOINTS, readGolden, SKIP_REASONS } from './files.ts';
import { OBJECTIVES, PENALTIES } from './lossCases.ts';
import { goldenModel, type GoldenModel } from './policy.ts';
import { definitionOf, runBatch, type GoldenRun } from './run.ts';
import { worstOf } from './worst.ts';

/** Float32 through all layers, as a share of a tensor's largest entry. */
const TOLERANCE = 1e-4;

/**
 * The bias of a score: its gradient is a sum of residuals that cancel to 1e-5 and less of their size, so that rounding
 * is a share of the residuals, of which the score's weights tell the size.
 */
const SCALED_BY: Readonly<Record<string, string>> = { 'head_score.bias': 'head_score.weight' };

const golden = readGolden('stories260K/ganpo_masked.json') as DiscriminatorGolden;
const CASES: Readonly<Record<string, readonly RegularizerUse[]>> = {
  'DPO alone': [],
  'DPO with KL': [PENALTIES['kl_reverse']!],
  'DPO with GANPO': [ganpoUse(golden)],
};

const largest = (values: HostArray): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function scaleOf(run: GoldenRun, name: string): number {
  const suffix = Object.keys(SCALED_BY).find((ending) => name.endsWith(ending));
  return largest(run.output(suffix === undefined ? name : name.replace(suffix, SCALED_BY[suffix]!)));
}

/** The worst entry of all gradients: |actual − oracle| over the largest entry of the oracle's tensor. */
function worstGradient(run: GoldenRun, oracle: GoldenRun): { name: string; error: number } {
  const errors = oracle.outputs
    .filter((name) => name.includes('gradient'))
    .map((name) => {
      const expected = oracle.output(name);
      const difference = largest(run.output(name).map((value, index) => value - expected[index]!));
      return { name, error: difference === 0 ? 0 : difference / scaleOf(oracle, name) };
    });
  expect(errors.length).toBeGreaterThan(0);
  return worstOf(errors);
}

const folder = CHECKPOINTS.stories260K();
if (folder === undefined) console.warn(`skipped: ${SKIP_REASONS.stories260K}`);
describe.skipIf(folder === undefined)('the whole gradient step of stories260K, onnxruntime against reference', () => {
  const step = async (backend: Awaited<ReturnType<typeof onnxruntime.create>>, model: GoldenModel, name: string) => {
    try {
      const definition = definitionOf(model, OBJECTIVES['dpo']!, CASES[name]!);
      return await runBatch(backend, model, definition, goldenBatches('stories260K')[0]!, networkValues(golden));
    } finally {
      await backend.dispose();
    }
  };
  it.each(Object.keys(CASES))(
    '%s: every entry of every gradient',
    async (name) => {
      const model = await goldenModel(folder!, 'f32');
      const run = await step(await onnxruntime.create(onnxruntime.config.parse({})), model, name);
      const oracle = await step(createReferenceBackend(), model, name);
      const worst = worstGradient(run, oracle);
      console.info(`${name}, onnxruntime against reference: ${worst.error.toExponential(1)} in ${worst.name}`);
      expect(worst.error, worst.name).toBeLessThanOrEqual(TOLERANCE);
    },
    120_000,
  );
});
