import { join } from 'node:path';
import type { Dataset } from '@tether/data';
import { Option, type Command } from 'commander';
import { settleBackend } from '../backends/autoBackend.ts';
import { checkBackend } from '../backends/checkBackend.ts';
import { pretrainSource, withModelPath } from '../config/derive.ts';
import type { LoadedConfig } from '../config/parseConfig.ts';
import { checkModel } from '../model/loadModel.ts';
import { createProgress } from '../output/progress.ts';
import { printJson, printLine, tell } from '../output/terminal.ts';
import { copyExtended } from '../run/extension.ts';
import type { Job } from '../run/job.ts';
import { runJob } from '../run/job.ts';
import { runInChild } from '../run/runInChild.ts';
import { isFinished, readJson } from '../run/runFolder.ts';
import { measurementLines } from '../output/measurements.ts';
import type { RunResult } from '../run/executeRun.ts';
import { extensionFrom } from './extend.ts';
import { INTERRUPTED, interruptSignal } from './interrupt.ts';
import { checkFolder, openFolder } from './openFolder.ts';
import { readConfig, withConfigOptions, withOutputOptions, type ConfigOptions, type OutputOptions } from './options.ts';
import { showDataReport } from './showData.ts';

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .summary('train one policy')
    .description(
      'Trains the policy of a config with its objective and regularizers, and saves it as a Hugging Face folder.',
    );
  withOutputOptions(withConfigOptions(command))
    .addOption(
      new Option(
        '--extend <folder>',
        'go on from the last checkpoint of the run in this folder, in a new one',
      ).conflicts('resume'),
    )
    .action(train);
}

interface TrainOptions extends ConfigOptions, OutputOptions {
  readonly extend?: string;
}

async function train(file: string, options: TrainOptions): Promise<void> {
  const loaded = await readConfig(file, options);
  if (loaded.config.compare !== undefined) {
    const own = loaded.config.regularizers.map(({ name }) => name).join(', ') || 'none';
    tell(`this trains the run itself (regularizers: ${own}); the config's arms are trained by npx tether compare`);
  }
  const extension = options.extend === undefined ? undefined : await extensionFrom(options.extend, loaded);
  await checkFolder(loaded, options);
  await checkModel(loaded.config);
  await checkBackend(loaded, true);
  const shown = await showDataReport(loaded, options);
  const { folder, loaded: opened } = await openFolder(loaded, options);
  const data = await shown.moveTo(folder);
  if (extension !== undefined) {
    await copyExtended(extension, folder);
    tell(`goes on from step ${extension.completedSteps} of ${extension.folder}, in ${folder}`);
  }
  const progress = createProgress(options.quiet === true);
  const signal = interruptSignal();
  const settled = await settleBackend(opened, folder, signal);
  const outcome = await trainStages(settled, folder, signal, progress, data).finally(() => progress.stop());
  if (outcome === 'interrupted') {
    tell(`interrupted; go on with: npx tether train ${file} --resume ${folder}`);
    process.exitCode = INTERRUPTED;
    return;
  }
  const result = (await readJson(join(folder, 'result.json'))) as RunResult; // written by `executeRun`
  if (options.json === true) printJson(result);
  else if (result.measurements.length === 0)
    tell('nothing was measured: there are no held-out rows (data.eval_fraction)');
  else for (const line of measurementLines(result.measurements)) printLine(line);
  tell(`model: ${join(folder, 'model')}`);
}

async function trainStages(
  loaded: LoadedConfig,
  folder: string,
  signal: AbortSignal,
  progress: ReturnType<typeof createProgress>,
  data: Dataset | undefined,
): Promise<'finished' | 'interrupted'> {
  const { file, baseFolder, source, config } = loaded;
  const job: Job = {
    file,
    baseFolder,
    source,
    folder,
    cacheFolder: join(folder, 'cache'),
    resume: true,
    measureOnly: false,
    evaluateAtEnd: true,
  };
  const hooks = { signal, onEvent: progress.event };
  let trained = source;
  if (config.model.pretrain !== undefined) {
    const pretrained = join(folder, 'pretrained');
    const pretrainJob = { ...job, source: pretrainSource(source), folder: pretrained, evaluateAtEnd: false };
    if (isFinished(pretrained)) tell('pretrain: finished before, kept');
    else {
      progress.start('pretrain');
      if ((await runInChild(pretrainJob, hooks)) === 'interrupted') return 'interrupted';
    }
    trained = withModelPath(source, join(pretrained, 'model'));
  }
  progress.start('train');
  // A model that was just made has a tokenizer of its own.
  return runJob({ ...job, source: trained }, hooks, config.model.pretrain === undefined ? data : undefined);
}
