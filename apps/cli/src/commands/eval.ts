import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { settleBackend } from '../backends/autoBackend.ts';
import { checkBackend } from '../backends/checkBackend.ts';
import { armSource } from '../config/derive.ts';
import { checkModel } from '../model/loadModel.ts';
import { RunError } from '../run/prepare.ts';
import { createProgress } from '../output/progress.ts';
import { measurementLines } from '../output/measurements.ts';
import { printJson, printLine, tell } from '../output/terminal.ts';
import { runJob } from '../run/job.ts';
import { readJson } from '../run/runFolder.ts';
import type { PolicyEvaluation } from '../evaluation/policyEvaluation.ts';
import { InterruptedError } from '../run/interrupted.ts';
import { interruptSignal } from './interrupt.ts';
import { checkFolder, openFolder } from './openFolder.ts';
import { readConfig, withConfigOptions, withOutputOptions, type ConfigOptions, type OutputOptions } from './options.ts';
import { showDataReport } from './showData.ts';

interface EvalOptions extends ConfigOptions, OutputOptions {
  readonly reference?: string;
}

export function addEval(program: Command): void {
  const command = program
    .command('eval')
    .summary('judge a model without training it')
    .description(
      'Judges the model of a config (or --model) on the held-out pairs and by sampled answers at every temperature, against a reference.',
    );
  withOutputOptions(withConfigOptions(command))
    .option('--reference <folder>', 'Hugging Face folder of the reference; default: the model itself')
    .action(evaluateModel);
}

async function evaluateModel(file: string, options: EvalOptions): Promise<void> {
  const set = [
    ...(options.set ?? []),
    ...(options.reference === undefined ? [] : [`model.reference=${JSON.stringify(resolve(options.reference))}`]),
  ];
  const loaded = await readConfig(file, { ...options, set });
  if (loaded.config.model.path === undefined) {
    throw new RunError(
      'the config pretrains its model, so there is none to judge yet: give a trained one by --model FOLDER',
    );
  }
  await checkFolder(loaded, options);
  await checkModel(loaded.config);
  await checkBackend(loaded, true);
  const shown = await showDataReport(loaded, options);
  const { folder, loaded: opened } = await openFolder(
    { ...loaded, config: { ...loaded.config, name: `${loaded.config.name}-eval` } },
    options,
  );
  const data = await shown.moveTo(folder);
  const progress = createProgress(options.quiet === true);
  progress.start('eval');
  const signal = interruptSignal('stopping after this temperature');
  const settled = await settleBackend(opened, folder, signal);
  const { compare, training } = settled.config;
  const source = compare === undefined ? settled.source : armSource(settled.source, 0, training.seed);
  const { file: configFile, baseFolder } = settled;
  const outcome = await runJob(
    {
      file: configFile,
      baseFolder,
      source,
      folder,
      cacheFolder: join(folder, 'cache'),
      resume: false,
      measureOnly: true,
      evaluateAtEnd: true,
    },
    { signal, onEvent: progress.event },
    data, // arms share it
  ).finally(() => progress.stop());
  if (outcome === 'interrupted') throw new InterruptedError();
  const result = (await readJson(join(folder, 'result.json'))) as PolicyEvaluation; // written by `runJob`
  if (options.json === true) printJson(result);
  else for (const line of measurementLines(result.measurements)) printLine(line);
  tell(`results: ${folder}`);
}
