import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../meta/workspace.ts';
import type { Plan } from '../plan/render.ts';
import { bytesPerDevice, totalBytes } from '../plan/stepPlan.ts';
import { temporaryFolder, tether, TINY, writeConfig } from '../testing/command.ts';

let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

async function planOf(...args: readonly string[]): Promise<Plan> {
  const { code, stdout, stderr } = await tether(['plan', ...args, '--rate', '1e12', '--json'], folder);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Plan;
}

const part = ({ step }: Plan, name: string): number => step.parts.find((one) => one.name === name)!.bytes;

describe('tether plan', () => {
  test('counts weights, gradients and moments by their shapes', { timeout: 60_000 }, async () => {
    await writeConfig(folder, 'run.yaml', { ...TINY, regularizers: ['none'] });
    const plan = await planOf('run.yaml');
    expect(plan.step.trainable).toBe(plan.step.parameters);
    expect(part(plan, 'weights')).toBe(4 * plan.step.parameters);
    expect(part(plan, 'optimizer')).toBe(2 * part(plan, 'weights'));
    expect(part(plan, 'gradients')).toBe(part(plan, 'weights'));
    expect(part(plan, 'reference')).toBe(part(plan, 'weights'));
    expect(plan.steps).toBe(TINY.training.max_steps);
    expect(plan.microBatches).toBe(TINY.training.max_steps * TINY.training.gradient_accumulation_steps);
  });

  test('plans the paper’s runs from config.json alone', { timeout: 120_000 }, async () => {
    const file = join(ROOT, 'examples/paper/llama-3-8b-instruct.yaml');
    const plan = await planOf(file, '--rows', '61135');
    expect(plan.step.parameters).toBe(8_030_261_248); // Llama-3-8B
    const adapted = await planOf(file, '--rows', '61135', '--set', 'model.adapter.rank=16');
    expect(adapted.step.trainable).toBe(41_943_040); // rank 16 on all linear modules
    expect(part(adapted, 'reference')).toBe(0); // the frozen base itself
    expect(totalBytes(adapted.step.parts)).toBeLessThan(totalBytes(plan.step.parts) / 2);
  });

  test('counts a reference that moves beside the one that the run began with', { timeout: 60_000 }, async () => {
    await writeConfig(folder, 'moving.yaml', { ...TINY, training: { ...TINY.training, sync_ref_model: true } });
    const plan = await planOf('moving.yaml');
    expect(part(plan, 'reference')).toBe(2 * part(plan, 'weights'));
  });

  test(
    'counts the steps of an epoch as the run does, with a last step of what is left',
    { timeout: 60_000 },
    async () => {
      const data = { synthetic: { rows: 'pairs', count: 61, eval_count: 8 } };
      const training = { ...TINY.training, max_steps: undefined, num_train_epochs: 1 };
      await writeConfig(folder, 'epoch.yaml', { ...TINY, data, training });
      const plan = await planOf('epoch.yaml');
      const trained = await tether(['train', 'epoch.yaml', '--output', 'epoch', '--quiet'], folder);
      expect(trained.code, trained.stderr).toBe(0);
      const { totalSteps } = JSON.parse(await readFile(join(folder, 'epoch', 'run.json'), 'utf8')) as Record<
        string,
        number
      >;
      expect(plan.steps).toBe(totalSteps);
    },
  );

  test('says why it cannot plan, without a stack', async () => {
    await writeConfig(folder, 'other.yaml', { ...TINY, backend: 'reference' });
    const other = await tether(['plan', 'other.yaml', '--rate', '1e12'], folder);
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('plan with --set backend=onnxruntime');
    const paper = join(ROOT, 'examples/paper/gemma-2-2b-it.yaml');
    const long = await tether(['plan', paper, '--rows', '10', '--prompt', '5000'], folder);
    expect(long.code).toBe(1);
    expect(long.stderr).toContain('--prompt 5000 leaves no room');
    for (const { stderr } of [other, long]) expect(stderr).not.toMatch(/^ +at /m);
  });

  test('says what is missing where the data is not at hand', async () => {
    const { code, stderr } = await tether(['plan', join(ROOT, 'examples/paper/gemma-2-2b-it.yaml')], folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/the data is not at hand \(ultrafeedback_binarized\): give --rows/);
  });
});

test('devices share the batch, and the state where it is split', () => {
  const parts = [
    { name: 'weights', bytes: 800, kind: 'state' },
    { name: 'activations', bytes: 400, kind: 'batch' },
    { name: 'program', bytes: 10, kind: 'fixed' },
  ] as const;
  expect(bytesPerDevice(parts, 1, false)).toBe(1210);
  expect(bytesPerDevice(parts, 4, false)).toBe(910);
  expect(bytesPerDevice(parts, 4, true)).toBe(310);
});
