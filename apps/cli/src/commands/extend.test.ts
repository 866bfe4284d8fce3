import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  signalGroup,
  startTether,
  temporaryFolder,
  tether,
  TINY,
  untilLines,
  writeConfig,
} from '../testing/command.ts';
import { runFiles } from '../testing/killResume.ts';

/** Each test runs the command several times, and other work may share the machine. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  const training = { ...TINY.training, lr_scheduler_type: 'constant', max_steps: 4, eval_steps: 2 };
  await writeConfig(folder, 'run.yaml', { ...TINY, training });
  expect(await train('--output', 'short')).toMatchObject({ code: 0 });
});
afterAll(() => remove());

const train = (...args: readonly string[]) => tether(['train', 'run.yaml', '--quiet', ...args], folder);

/** Every file of a folder by the hash of its contents. */
async function contents(name: string): Promise<Record<string, string>> {
  const files = (await readdir(join(folder, name), { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const hashes = files.map(async (file) => {
    const path = join(file.parentPath, file.name);
    return [
      path,
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(hashes));
}

const EIGHT = ['--set', 'training.max_steps=8'];

describe('a finished run that is extended', () => {
  test('is bit for bit the run that had its length from the start, where no schedule depends on it', async () => {
    const before = await contents('short');
    expect(await train(...EIGHT, '--output', 'whole')).toMatchObject({ code: 0 });
    const { code, stderr } = await train(...EIGHT, '--extend', 'short', '--output', 'longer');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`goes on from step 4 of ${join(folder, 'short')}, in ${join(folder, 'longer')}`);
    expect(stderr).toContain('pretrain: finished before, kept');
    expect(stderr).not.toContain('schedules follow');
    const [whole, longer] = [await runFiles(join(folder, 'whole')), await runFiles(join(folder, 'longer'))];
    expect(longer.metrics.toString()).toBe(whole.metrics.toString());
    expect(longer.weights.equals(whole.weights)).toBe(true);
    const record = JSON.parse(await readFile(join(folder, 'longer', 'run.json'), 'utf8')) as object;
    expect(record).toMatchObject({ totalSteps: 8, extends: { folder: join(folder, 'short'), completedSteps: 4 } });
    expect(await contents('short')).toEqual(before);
  });

  test('may be interrupted and resumed like any other', async () => {
    const args = ['train', 'run.yaml', '--quiet', ...EIGHT, '--set', 'training.max_steps=40'];
    const started = startTether([...args, '--extend', 'short', '--output', 'halted'], folder);
    await untilLines(started, join(folder, 'halted', 'metrics.jsonl'), 7);
    signalGroup(started, 'SIGINT');
    expect(await started.finished).toMatchObject({ code: 130 });
    expect(await tether([...args, '--resume', 'halted'], folder)).toMatchObject({ code: 0 });
    const lines = (await runFiles(join(folder, 'halted'))).metrics.toString().trim().split('\n');
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ step: 40, evaluation: true });
  });

  test('is told apart from one long run where a schedule follows the length', async () => {
    const linear = ['--set', 'training.lr_scheduler_type=linear'];
    expect(await train(...linear, '--output', 'decayed')).toMatchObject({ code: 0 });
    const { code, stderr } = await train(...linear, ...EIGHT, '--extend', 'decayed', '--output', 'again');
    expect(code, stderr).toBe(0);
    // 0.0005 · (1 − 3 / 4), then 0.0005 · (1 − 4 / 8)
    expect(stderr).toContain('steps 1 to 4 had those of 4 steps, the others have those of 8');
    expect(stderr).toContain('The learning rate goes from 0.000125 (step 4) to 0.000250 (step 5)');
  });

  test('is not resumed from the start where its checkpoint was not copied to the end', async () => {
    expect(await train(...EIGHT, '--extend', 'short', '--output', 'cut')).toMatchObject({ code: 0 });
    await rm(join(folder, 'cut', 'checkpoints'), { recursive: true });
    const { code, stderr } = await train(...EIGHT, '--resume', 'cut');
    expect(code).toBe(1);
    expect(stderr).toContain('its checkpoint was not copied to the end: start it again');
  });
});

describe('a run is not extended, and no folder made,', () => {
  const refused = async (...args: readonly string[]): Promise<string> => {
    const { code, stderr } = await train(...args, '--output', 'refused');
    expect(code, stderr).toBe(1);
    expect(existsSync(join(folder, 'refused'))).toBe(false);
    return stderr;
  };

  test('by no more steps than it has', async () => {
    const said = 'short has 4 of 4 steps behind it, and the config asks for no more';
    expect(await refused('--extend', 'short')).toContain(said);
    expect(await refused('--extend', 'short', '--set', 'training.max_steps=3')).toContain(said);
  });

  test('with anything else changed', async () => {
    const set = ['--set', 'training.max_steps=8', 'training.learning_rate=1', 'training.save_steps=1'];
    const said = await refused('--extend', 'short', ...set);
    expect(said).toContain('can only be given more steps:\n  training.learning_rate: was 0.0005, is 1\n');
    expect(said).not.toContain('save_steps');
  });

  test('from a folder without a checkpoint', async () => {
    expect(await refused(...EIGHT, '--extend', 'nothere')).toContain('nothere holds no run to continue');
  });
});

test('a run that cannot be resumed with more steps is told how it is extended', async () => {
  const { code, stderr } = await train(...EIGHT, '--resume', 'short');
  expect(code).toBe(1);
  expect(stderr).toContain(
    'training.max_steps: was 4, is 8\nnpx tether train goes on from it with more steps by --extend',
  );
});
