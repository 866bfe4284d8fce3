import { plugin as onnxruntime } from '@tether/backend-onnxruntime';
import { names } from '@tether/core';
import { openSafetensors } from '@tether/model';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenBatches } from './batch.ts';
import { CHECKPOINTS, SKIP_REASONS } from './files.ts';
import { OBJECTIVES, PENALTIES, runObjective, runPenalty } from './lossCases.ts';
import { goldenModel } from './policy.ts';
import { worstOf } from './worst.ts';

/** Folder with complete gradients, made by `tools/goldens/losses.py --big`; too large to be committed. */
const complete = process.env['TETHER_COMPLETE_GOLDENS'];
const CHECKPOINT_NAMES = ['stories260K', 'smollm2'] as const;

/** Float32 through all layers, every single entry as a share of its tensor's largest. */
const TOLERANCE = 1e-3;

for (const checkpoint of CHECKPOINT_NAMES) {
  const folder = CHECKPOINTS[checkpoint]();
  const skip =
    complete === undefined
      ? 'set TETHER_COMPLETE_GOLDENS to the folder of complete gradients'
      : folder === undefined
        ? SKIP_REASONS[checkpoint]
        : undefined;
  if (skip !== undefined) console.warn(`skipped: every entry of ${checkpoint}'s gradients: ${skip}`);
  describe.skipIf(skip !== undefined)(`every entry of every gradient of ${checkpoint} on onnxruntime`, async () => {
    if (complete === undefined || folder === undefined) return;
    const model = await goldenModel(folder, 'f32');
    const backend = await onnxruntime.create(onnxruntime.config.parse({}));
    const [batch] = goldenBatches(checkpoint);
    const losses = [...Object.keys(OBJECTIVES), ...Object.keys(PENALTIES)];
    it.each(losses.filter((loss) => existsSync(join(complete, checkpoint, `${loss}.safetensors`))))(
      '%s',
      async (loss) => {
        const run = await (loss in OBJECTIVES ? runObjective : runPenalty)(loss, backend, model, batch!);
        const file = await openSafetensors(join(complete, checkpoint, `${loss}.safetensors`));
        const errors: { name: string; error: number }[] = [];
        for (const name of file.tensors.keys()) {
          const golden = await file.readFloat32(name);
          errors.push({ name, error: largestError(run.output(names.gradient(name)), golden) });
        }
        await file.close();
        const worst = worstOf(errors);
        console.info(`${checkpoint} ${loss}: largest error ${worst.error.toExponential(1)} in ${worst.name}`);
        expect(worst.error, worst.name).toBeLessThanOrEqual(TOLERANCE);
      },
      300_000,
    );
  });
}

function largestError(values: ArrayLike<number>, golden: Float32Array): number {
  let [error, largest] = [0, 0];
  for (let index = 0; index < golden.length; index++) {
    error = Math.max(error, Math.abs(values[index]! - golden[index]!));
    largest = Math.max(largest, Math.abs(golden[index]!));
  }
  return error === 0 ? 0 : error / largest; // a gradient of 0 has no scale of its own
}
