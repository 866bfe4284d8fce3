import { createReferenceBackend } from '@tether/backend-reference';
import { plugin as onnxruntime } from '@tether/backend-onnxruntime';
import { afterAll, describe, it } from 'vitest';
import { goldenBatches } from './batch.ts';
import { CHECKPOINTS, hasGolden, SKIP_REASONS, type CheckpointName } from './files.ts';
import { checkObjective, checkPenalty, OBJECTIVES, PENALTIES, type GoldenCase } from './lossCases.ts';
import { goldenModel } from './policy.ts';
import type { ErrorRule } from './summary.ts';

interface Suite {
  readonly checkpoint: CheckpointName;
  readonly backend: 'reference' | 'onnxruntime';
  readonly precision: 'f64' | 'f32';
  readonly rule: ErrorRule;
}

const SUITES: readonly Suite[] = [
  // Both sides compute in float64 with the same formulas: what remains is the order of sums.
  {
    checkpoint: 'stories260K',
    backend: 'reference',
    precision: 'f64',
    rule: { tolerance: 1e-9, spread: 'independent' },
  },
  // Float32 against goldens computed in float64: rounding through all layers. PyTorch's own float32 is up to 4.8e-4
  // away from SmolLM2's.
  {
    checkpoint: 'stories260K',
    backend: 'onnxruntime',
    precision: 'f32',
    rule: { tolerance: 1e-3, spread: 'independent' },
  },
  { checkpoint: 'smollm2', backend: 'onnxruntime', precision: 'f32', rule: { tolerance: 1e-3, spread: 'systematic' } },
];

for (const { checkpoint, backend: name, precision, rule } of SUITES) {
  const folder = CHECKPOINTS[checkpoint]();
  if (folder === undefined) console.warn(`skipped: ${SKIP_REASONS[checkpoint]}`);
  describe.skipIf(folder === undefined)(
    `losses and gradients of ${checkpoint} on ${name} against PyTorch`,
    async () => {
      if (folder === undefined) return;
      const backend =
        name === 'reference' ? createReferenceBackend() : await onnxruntime.create(onnxruntime.config.parse({}));
      const model = await goldenModel(folder, precision);
      const golden: GoldenCase = { backend, checkpoint, model, batch: goldenBatches(checkpoint)[0]!, rule };
      const errors: string[] = [];
      afterAll(async () => {
        console.info(
          `largest gradient error as a share of its tensor's largest entry, ${checkpoint} on ${name}: ${errors.join(', ')}`,
        );
        await backend.dispose();
      });
      const report = (loss: string, error: number): void => void errors.push(`${loss} ${error.toExponential(1)}`);
      const known = (cases: object): string[] =>
        Object.keys(cases).filter((loss) => hasGolden(`${checkpoint}/${loss}.json`));
      it.each(known(OBJECTIVES))('%s', async (loss) => report(loss, await checkObjective(loss, golden)), 120_000);
      it.each(known(PENALTIES))('%s', async (loss) => report(loss, await checkPenalty(loss, golden)), 120_000);
    },
  );
}
