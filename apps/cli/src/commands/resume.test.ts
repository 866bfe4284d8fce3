import { existsSync } from 'node:fs';
import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
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
import { killAndResume, runFiles, type RunFiles } from '../testing/killResume.ts';

/** Each test runs the command twice, and other work may share the machine. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
let remove: () => Promise<void>;
let uninterrupted: RunFiles;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  // The model is trained once; every run of these tests starts from it.
  await writeConfig(folder, 'pretrain.yaml', { ...TINY, training: { max_steps: 1 } });
  const made = await tether(['train', 'pretrain.yaml', '--output', 'made', '--quiet'], folder);
  expect(made.stderr).toContain('model: ');
  await writeConfig(folder, 'run.yaml', { ...TINY, model: { path: 'made/pretrained/model' } });
  expect(await tether(['train', 'run.yaml', '--output', 'whole', '--quiet'], folder)).toMatchObject({ code: 0 });
  uninterrupted = await runFiles(join(folder, 'whole'));
});
afterAll(() => remove());

/** Every number of every line of a run's metrics. */
const readings = ({ metrics }: RunFiles): { readonly name: string; readonly value: number }[] =>
  metrics
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, number | boolean>>)
    .flatMap(({ step, ...values }) =>
      Object.entries(values).flatMap(([name, value]) =>
        typeof value === 'number' ? [{ name: `${name} of step ${step}`, value }] : [],
      ),
    );

describe('a run that SIGKILL ends is continued bit for bit', () => {
  // Line 1 comes before the first checkpoint; line 6 between checkpoints, after an evaluation.
  for (const line of [1, 6]) {
    test(`after line ${line} of its metrics`, async () => {
      const resumed = await killAndResume('run.yaml', folder, `killed-${line}`, line);
      expect(resumed.metrics.toString()).toBe(uninterrupted.metrics.toString());
      expect(resumed.weights.equals(uninterrupted.weights)).toBe(true);
    });
  }
});

describe('Ctrl-C writes a checkpoint, ends with 130, and the run is continued bit for bit', () => {
  const interrupt = {
    'when it reaches every process, as in a terminal': (started: ReturnType<typeof startTether>) =>
      signalGroup(started, 'SIGINT'),
    'when it reaches the command alone': ({ child }: ReturnType<typeof startTether>) => child.kill('SIGINT'),
  };
  for (const [index, [name, send]] of Object.entries(interrupt).entries()) {
    test(name, async () => {
      const output = `stopped-${index}`;
      const started = startTether(['train', 'run.yaml', '--output', output, '--quiet'], folder);
      await untilLines(started, join(folder, output, 'metrics.jsonl'), 1);
      send(started);
      const { code, stderr } = await started.finished;
      expect(code).toBe(130);
      expect(stderr).toContain(`npx tether train run.yaml --resume ${join(folder, output)}`);
      expect(existsSync(join(folder, output, 'checkpoints'))).toBe(true);
      expect(existsSync(join(folder, output, 'model'))).toBe(false);
      expect(await tether(['train', 'run.yaml', '--resume', output], folder)).toMatchObject({ code: 0 });
      const resumed = await runFiles(join(folder, output));
      expect(resumed.metrics.toString()).toBe(uninterrupted.metrics.toString());
      expect(resumed.weights.equals(uninterrupted.weights)).toBe(true);
    });
  }
});

test('a run whose model has changed is not continued, keeps its folder as it was, and goes on with the old model', async () => {
  await cp(join(folder, 'made', 'pretrained', 'model'), join(folder, 'changing'), { recursive: true });
  await writeConfig(folder, 'changing.yaml', { ...TINY, model: { path: 'changing' } });
  const started = startTether(['train', 'changing.yaml', '--output', 'held', '--quiet'], folder);
  await untilLines(started, join(folder, 'held', 'metrics.jsonl'), 1);
  signalGroup(started, 'SIGINT');
  expect(await started.finished).toMatchObject({ code: 130 });
  const held = async () =>
    Promise.all(
      ['metrics.jsonl', 'timings.jsonl', 'run.json', 'data-report.json'].map((name) =>
        readFile(join(folder, 'held', name), 'utf8'),
      ),
    );
  const before = await held();

  const config = join(folder, 'changing', 'config.json');
  const original = await readFile(config, 'utf8');
  await writeFile(config, JSON.stringify({ ...(JSON.parse(original) as object), rms_norm_eps: 0.5 }));
  const refused = await tether(['train', 'changing.yaml', '--resume', 'held'], folder);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('the checkpoint is of a run with another config, data, model or backend');
  expect(await held()).toEqual(before);

  await writeFile(config, original);
  expect(await tether(['train', 'changing.yaml', '--resume', 'held'], folder)).toMatchObject({ code: 0 });
  const resumed = await runFiles(join(folder, 'held'));
  expect(resumed.metrics.toString()).toBe(uninterrupted.metrics.toString());
});

describe('Ctrl-C ends with 130 where there is no checkpoint to write:', () => {
  test('in an evaluation, between two temperatures', async () => {
    const evaluation = { ...TINY.evaluation, temperatures: [1, 0.5], prompts: 8, max_new_tokens: 48 };
    await writeConfig(folder, 'judge.yaml', { ...TINY, model: { path: 'made/pretrained/model' }, evaluation });
    const started = startTether(['eval', 'judge.yaml', '--output', 'judged', '--quiet'], folder);
    await untilLines(started, join(folder, 'judged', 'run.json'), 1);
    signalGroup(started, 'SIGINT');
    const { code, stderr } = await started.finished;
    expect(code, stderr).toBe(130);
    expect(stderr).toContain('stopping after this temperature');
    expect(existsSync(join(folder, 'judged', 'result.json'))).toBe(false);
  });

  test('while engines are tried', async () => {
    await writeConfig(folder, 'auto.yaml', { ...TINY, model: { path: 'made/pretrained/model' }, backend: 'auto' });
    const started = startTether(['train', 'auto.yaml', '--output', 'auto'], folder);
    await new Promise<void>((resolve) => {
      started.child.stderr!.on('data', (text: string) => (text.includes('backend: trying') ? resolve() : undefined));
    });
    signalGroup(started, 'SIGINT');
    const { code, stderr } = await started.finished;
    expect(code, stderr).toBe(130);
    expect(stderr).toContain('interrupted');
    expect(existsSync(join(folder, 'auto', 'metrics.jsonl'))).toBe(false);
  });
});

test('precomputed reference values give the metrics of inline ones, and a resumed run reads them from disk', async () => {
  const training = { ...TINY.training, precompute_ref_log_probs: true };
  await writeConfig(folder, 'precomputed.yaml', { ...TINY, model: { path: 'made/pretrained/model' }, training });
  const started = startTether(['train', 'precomputed.yaml', '--output', 'precomputed', '--quiet'], folder);
  await untilLines(started, join(folder, 'precomputed', 'metrics.jsonl'), 1);
  signalGroup(started, 'SIGINT');
  expect(await started.finished).toMatchObject({ code: 130 });
  const cache = join(folder, 'precomputed', 'cache');
  const [file, ...others] = await readdir(cache);
  expect(others).toEqual([]);
  const written = await stat(join(cache, file!));
  expect(await tether(['train', 'precomputed.yaml', '--resume', 'precomputed'], folder)).toMatchObject({ code: 0 });
  expect(await readdir(cache)).toEqual([file]);
  expect((await stat(join(cache, file!))).mtimeMs).toBe(written.mtimeMs);
  const inline = readings(uninterrupted);
  const precomputed = readings(await runFiles(join(folder, 'precomputed')));
  expect(precomputed.map(({ name }) => name)).toEqual(inline.map(({ name }) => name));
  for (const [index, { name, value }] of precomputed.entries()) {
    // Other graphs add up in another order; Adam's normalization makes more of that rounding over the steps.
    expect(Math.abs(value - inline[index]!.value), name).toBeLessThan(1e-3 * Math.max(1, Math.abs(value)));
  }
});

test('a comparison in which nothing could be measured ends before any arm is trained', async () => {
  await writeConfig(folder, 'blind.yaml', {
    ...TINY,
    model: { path: 'made/pretrained/model' },
    data: { files: 'one.jsonl', eval_fraction: 0.5 },
    compare: { seeds: [0], arms: [{ name: 'none' }, { name: 'kl', regularizers: ['kl'] }] },
  });
  const rows = [' a', ' b', ' c'].map((chosen) => ({ prompt: 'sort a =', chosen, rejected: ' d' }));
  await writeConfig(folder, 'one.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')); // one prompt: not split
  const { code, stderr } = await tether(['compare', 'blind.yaml', '--output', 'blind'], folder);
  expect(code).toBe(1);
  expect(stderr).toContain('nothing can be measured');
  expect(stderr).not.toMatch(/^ +at /m);
  expect(existsSync(join(folder, 'blind', 'arms'))).toBe(false);
});

test('an interrupted comparison keeps its finished arms and goes on with the others', async () => {
  await writeConfig(folder, 'compare.yaml', {
    ...TINY,
    model: { path: 'made/pretrained/model' },
    training: { ...TINY.training, max_steps: 4 },
    compare: {
      seeds: [0],
      arms: [
        { name: 'none', regularizers: ['none'] },
        { name: 'kl', regularizers: ['kl'] },
      ],
    },
  });
  const started = startTether(['compare', 'compare.yaml', '--output', 'compared'], folder);
  const arms = join(folder, 'compared', 'arms');
  await untilLines(started, join(arms, 'kl', 'seed-0', 'metrics.jsonl'), 1);
  signalGroup(started, 'SIGINT');
  expect(await started.finished).toMatchObject({ code: 130 });
  const finished = join(arms, 'none', 'seed-0', 'result.json');
  const before = await stat(finished);
  expect(existsSync(join(arms, 'kl', 'seed-0', 'result.json'))).toBe(false);
  const { code, stdout, stderr } = await tether(['compare', 'compare.yaml', '--resume', 'compared', '--json'], folder);
  expect(code).toBe(0);
  expect(stderr).toContain('none, seed 0: finished before, kept');
  expect((await stat(finished)).mtimeMs).toBe(before.mtimeMs);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(await readFile(join(folder, 'compared', 'summary.json'), 'utf8')));
  expect(existsSync(join(folder, 'compared', 'report.html'))).toBe(true);
});
