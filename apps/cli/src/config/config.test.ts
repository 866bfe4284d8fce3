import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ARCHITECTURE } from '../testing/command.ts';
import { chooseArm } from './chooseArm.ts';
import { armSource, pretrainSource, withModelPath } from './derive.ts';
import { loadConfig } from './loadConfig.ts';
import { nearest } from './nearest.ts';
import { ConfigError, type ConfigProblem } from './problems.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tether-config-'));
  return () => rm(folder, { recursive: true });
});

const GOOD = { model: { path: 'model' }, data: { files: ['pairs.jsonl'] } };

async function load(config: unknown, changes: Parameters<typeof loadConfig>[1] = {}): ReturnType<typeof loadConfig> {
  const file = join(folder, 'run.yaml');
  await writeFile(file, typeof config === 'string' ? config : stringify(config));
  return loadConfig(file, changes);
}

async function problems(config: unknown): Promise<readonly ConfigProblem[]> {
  const error: unknown = await load(config).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).problems;
}

describe('what is wrong in a config', () => {
  test('is told all at once: of the schema, of plugins, of arms, each with its path', async () => {
    const found = await problems({
      model: { path: 'model', pretrain: 3 },
      data: { files: [] },
      regularizers: [{ name: 'kl', wieght: 1 }, { name: 'ganpo', opponent: 1 }, 7],
      objective: { name: 'simpo', beta: 'high' },
      compare: {
        arms: [
          { name: 'a', objective: 'dpoo' },
          { name: 'b', regularizers: [{ name: 'kl', weight: -1 }] },
        ],
      },
    });
    const paths = found.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'model.pretrain',
        'regularizers.0.wieght',
        'regularizers.1.opponent',
        'regularizers.2',
        'objective.beta',
        'compare.arms.0.objective',
        'compare.arms.1.regularizers.0.weight',
      ]),
    );
    expect(new Set(paths).size).toBe(paths.length);
  });

  test('in an arm’s training options is told at the arm, for every arm', async () => {
    const arm = (name: string, training: object): object => ({ name, training });
    const arms = [arm('a', { max_step: 1 }), arm('b', { learning_rate: -1 }), arm('b', {})];
    expect(await problems({ ...GOOD, compare: { arms } })).toEqual([
      { path: 'compare.arms.0.training.max_step', message: 'there is no such option; did you mean "max_steps"?' },
      { path: 'compare.arms.1.training.learning_rate', message: expect.stringContaining('too small') as string },
      { path: 'compare.arms', message: 'two arms are named "b"' },
    ]);
  });

  test('in the names of arms is told where their results would lie in one folder', async () => {
    const arms = ['kl 0.1', 'none', 'kl/0.1', 'None'].map((name) => ({ name }));
    expect((await problems({ ...GOOD, compare: { arms } })).map(({ message }) => message)).toEqual([
      expect.stringMatching(/^the arms "kl 0.1" and "kl\/0.1" would share the folder "kl-0.1"/),
      expect.stringMatching(/^the arms "none" and "None" would share the folder "none"/),
    ]);
  });

  test('in seeds is told before anything is trained', async () => {
    expect(await problems({ ...GOOD, compare: { arms: [{ name: 'a' }], seeds: [0, 1, 0] } })).toEqual([
      { path: 'compare.seeds', message: expect.stringContaining('a seed is there twice') as string },
    ]);
  });

  test('of a reference beside an adapter, whose reference is the model without it', async () => {
    const model = { path: 'model', reference: 'other', adapter: { rank: 4 } };
    expect(await problems({ ...GOOD, model })).toEqual([
      { path: 'model.reference', message: expect.stringContaining('leave out one of') as string },
    ]);
  });

  test('of an option in the wrong place, the right place is told', async () => {
    const message = 'there is no such option; did you mean "training.seed"?';
    expect(await problems({ ...GOOD, seed: 1 })).toEqual([{ path: 'seed', message }]);
  });

  test('of an option that an objective does not have, no place is told that is the objective’s', async () => {
    const objective = { name: 'simpo', label_smoothing: 0.1 };
    expect(await problems({ ...GOOD, objective })).toEqual([
      { path: 'objective.label_smoothing', message: 'there is no such option' },
    ]);
  });

  test('of a union that nothing fits, every branch is told', async () => {
    const [problem] = await problems({ ...GOOD, objective: 5 });
    expect(problem).toEqual({ path: 'objective', message: expect.stringMatching(/string.*; or .*object/) as string });
  });
});

describe('changes of the command line', () => {
  test('reach into lists, are YAML, and replace what they exclude', async () => {
    const pretrain = { architecture: ARCHITECTURE, data: { synthetic: {} }, training: {} };
    const { config } = await load(
      { model: { pretrain }, data: { synthetic: { rows: 'pairs' } }, regularizers: ['none', { name: 'kl' }] },
      { model: 'given', data: ['a.jsonl'], set: ['regularizers.1.weight=0.5', 'training.max_steps=7'] },
    );
    expect(config.model).toMatchObject({ path: join(process.cwd(), 'given') });
    expect(config.data).toMatchObject({ files: [join(process.cwd(), 'a.jsonl')] });
    expect(config.regularizers[1]).toMatchObject({ name: 'kl', weight: 0.5 });
    expect(config.training.max_steps).toBe(7);
  });

  test('give an option to a plugin that the config names alone', async () => {
    const { config } = await load(
      { ...GOOD, objective: 'ipo', regularizers: ['kl'] },
      {
        set: ['objective.beta=0.3', 'regularizers.0.weight=0.5'],
      },
    );
    expect(config.objective).toEqual({ name: 'ipo', options: { beta: 0.3 } });
    expect(config.regularizers[0]).toMatchObject({ name: 'kl', weight: 0.5 });
  });

  test('give an option to the default plugin where the config names none', async () => {
    const { config } = await load(GOOD, { set: ['objective.beta=0.2', 'backend.threads=2'] });
    expect(config.objective).toEqual({ name: 'dpo', options: { beta: 0.2 } });
    expect(config.backend).toEqual({ name: 'onnxruntime', options: { threads: 2 } });
    const other = await load(GOOD, { set: ['objective.name=simpo', 'objective.beta=2'] });
    expect(other.config.objective).toEqual({ name: 'simpo', options: { beta: 2 } });
  });

  test('add an item behind the last of a list, or to one that is not there', async () => {
    const { config } = await load(GOOD, { set: ['regularizers.0=kl', 'regularizers.1.name=nll'] });
    expect(config.regularizers.map(({ name }) => name)).toEqual(['kl', 'nll']);
  });

  test('of an item that is not there are refused, with what to write', async () => {
    const two = { ...GOOD, regularizers: ['kl', 'nll'] };
    const said = (config: object, set: string) => load(config, { set: [set] }).then(String, String);
    expect(await said(GOOD, 'regularizers.0.weight=1')).toContain(
      'regularizers.0.name: missing: name the plugin that these options are for',
    );
    expect(await said(two, 'regularizers.3.weight=1')).toContain(
      '--set regularizers.3.weight=1: regularizers is a list with the items 0 to 1: there is no "3" in it',
    );
    expect(await said(two, 'regularizers.kl.weight=1')).toContain('there is no "kl" in it');
  });

  test('that are no YAML are refused', async () => {
    await expect(load(GOOD, { set: ['training.max_steps=[1'] })).rejects.toThrow('--set training.max_steps=[1');
  });
});

test('paths in a config start at its file', async () => {
  expect((await load(GOOD)).config.model.path).toBe(join(folder, 'model'));
});

describe('an arm that is asked for by name', () => {
  test('is refused where the config has no arms', async () => {
    const loaded = await load(GOOD);
    expect(chooseArm(loaded, undefined, 'reference').config.model).toEqual(loaded.config.model);
    expect(() => chooseArm(loaded, 'nix', 'reference')).toThrow(/--arm: there is no arm "nix": the config has none/);
  });

  test('is refused with the arms that there are', async () => {
    const loaded = await load({ ...GOOD, compare: { arms: [{ name: 'a' }, { name: 'b' }] } });
    expect(() => chooseArm(loaded, 'nix', 'reference')).toThrow('--arm: there is no arm "nix"; arms: a, b');
  });
});

describe('configs made from a comparison', () => {
  const shared = {
    ...GOOD,
    objective: 'dpo',
    regularizers: ['kl'],
    training: { max_steps: 3, learning_rate: 1 },
  };
  const source = {
    ...shared,
    compare: { arms: [{ name: 'a' }, { name: 'b', regularizers: [], training: { learning_rate: 2 } }] },
  };

  test('an arm keeps what it does not replace, and gets the seed', () => {
    expect(armSource(source, 0, 5)).toEqual({ ...shared, training: { max_steps: 3, learning_rate: 1, seed: 5 } });
    expect(armSource(source, 1, 6)).toEqual({
      ...shared,
      regularizers: [],
      training: { max_steps: 3, learning_rate: 2, seed: 6 },
    });
  });

  test('pretraining uses its own data and training, the run’s backend, and no regularizer', () => {
    const pretrain = { architecture: {}, data: { synthetic: {} }, training: { max_steps: 1 } };
    const made = pretrainSource({ ...source, backend: 'reference', model: { pretrain } });
    expect(made).toMatchObject({
      objective: 'sft',
      backend: 'reference',
      data: pretrain.data,
      training: { max_steps: 1 },
    });
    expect(made).not.toHaveProperty('regularizers');
    expect(withModelPath({ ...source, model: { pretrain, rematerialize: true } }, 'x')['model']).toEqual({
      rematerialize: true,
      path: 'x',
    });
  });
});

test('a plugin is loaded from an npm package beside the config, by its name', async () => {
  const home = join(folder, 'node_modules', 'my-regularizer');
  await mkdir(home, { recursive: true });
  await writeFile(
    join(home, 'package.json'),
    JSON.stringify({ name: 'my-regularizer', type: 'module', main: 'index.js' }),
  );
  const zod = import.meta.resolve('zod');
  await writeFile(
    join(home, 'index.js'),
    `import { z } from ${JSON.stringify(zod)};
export const plugin = {
  kind: 'regularizer',
  name: 'my-regularizer',
  description: 'nothing',
  config: z.strictObject({ strength: z.number().default(1) }),
  needs: () => [],
  penalty: () => { throw new Error('not called here'); },
};`,
  );
  const use = (name: string, options: object = {}): object => ({ ...GOOD, regularizers: [{ name, ...options }] });
  expect((await load(use('my-regularizer', { strength: 2 }))).config.regularizers[0]?.options).toEqual({ strength: 2 });
  expect(await problems(use('my-regularizer', { strenght: 2 }))).toEqual([
    { path: 'regularizers.0.strenght', message: 'there is no such option; did you mean "strength"?' },
  ]);
  expect(await problems({ ...GOOD, objective: 'my-regularizer' })).toMatchObject([
    { path: 'objective', message: '"my-regularizer" is a regularizer, and an objective is needed here' },
  ]);
  await writeFile(join(home, 'index.js'), 'export const other = 1;');
  await mkdir(join(folder, 'node_modules', 'broken'));
  await writeFile(join(folder, 'node_modules', 'broken', 'index.js'), 'throw new Error("out of order");');
  expect(await problems(use('broken'))).toMatchObject([
    { message: 'the plugin "broken" cannot be loaded: out of order' },
  ]);
});

test('the nearest name is at most two letters away', () => {
  expect(nearest('ganpoo', ['kl', 'ganpo'])).toBe('ganpo');
  expect(nearest('entropy', ['kl', 'ganpo'])).toBeUndefined();
});
