import type { Dataset } from '@tether/data';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { parseConfig } from '../config/parseConfig.ts';
import { resolvedPluginOptions } from '../config/resolvedConfig.ts';
import { resolvePlugins } from '../config/resolvePlugins.ts';
import { evaluatePolicy } from '../evaluation/policyEvaluation.ts';
import { loadModel } from '../model/loadModel.ts';
import { newModel } from '../model/newModel.ts';
import type { PreparedModel } from '../model/preparedModel.ts';
import type { RunConfig } from '../config/runSchema.ts';
import { tellWarning } from '../output/terminal.ts';
import { disposeAfter } from './disposal.ts';
import { executeRun, resumeRun, tellPart, type RunEvent } from './executeRun.ts';
import { extensionOf, scheduleWarning, type Extension } from './extension.ts';
import { InterruptedError } from './interrupted.ts';
import { describeMachine, tetherVersion } from './machine.ts';
import { loadRunData, prepareRun, type PreparedRun, type RunSources } from './prepare.ts';
import { writeJson } from './runFolder.ts';

/** One training run (or, with `measureOnly`, only the evaluation of its initial policy) as plain data. */
export interface Job {
  /** For messages: the config file. */
  readonly file: string;
  readonly baseFolder: string;
  readonly source: Readonly<Record<string, unknown>>;
  readonly folder: string;
  /** Shared by the runs of a comparison. */
  readonly cacheFolder: string;
  readonly resume: boolean;
  readonly measureOnly: boolean;
  readonly evaluateAtEnd: boolean;
}

export interface JobHooks {
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
}

export type JobOutcome = 'finished' | 'interrupted';

/** A model from its folder, or new for the synthetic language. */
export const prepareModel = ({ model, training }: RunConfig): Promise<PreparedModel> =>
  model.path === undefined
    ? Promise.resolve(newModel(model.pretrain!.architecture, training.seed, model)) // one of both, by the schema
    : loadModel(model.path, { ...model, seed: training.seed });

/**
 * Loads what a job names and uploads it.
 * @param loaded the job's data, where it was loaded before
 */
export async function prepareJob(job: Job, loaded?: Dataset): Promise<PreparedRun> {
  const { config } = parseConfig(job.file, job.source, job.baseFolder);
  const plugins = await resolvePlugins(new PluginRegistry(job.baseFolder), job.file, config);
  // Before any weight is read: an engine may settle how the process holds memory.
  const backend = await plugins.backend.plugin.create(plugins.backend.config);
  try {
    const prepared = await prepareModel(config);
    const dataset = loaded ?? (await loadRunData(config, prepared, job));
    const sources: RunSources = { config, baseFolder: job.baseFolder, plugins, prepared, dataset };
    return await prepareRun(sources, backend, { cacheFolder: job.cacheFolder });
  } catch (error) {
    return disposeAfter(() => Promise.reject(error as Error), backend); // whatever was thrown
  }
}

/**
 * Runs a job in this process and writes its folder.
 * @param loaded the job's data, where it was loaded before
 */
export async function runJob(job: Job, hooks: JobHooks, loaded?: Dataset): Promise<JobOutcome> {
  const run = await prepareJob(job, loaded);
  return disposeAfter(() => performJob(job, run, hooks), run.judge.generator, run.trainer, run.backend);
}

async function performJob(job: Job, run: PreparedRun, hooks: JobHooks): Promise<JobOutcome> {
  const { folder, resume, measureOnly, evaluateAtEnd } = job;
  await mkdir(folder, { recursive: true });
  // Records are written once it is sure that the run goes on: those of the run that is there are worth keeping.
  const completedSteps = resume && !measureOnly ? await resumeRun(run, folder) : 0;
  const extension = await extensionOf(folder);
  const warning = extension === undefined ? undefined : scheduleWarning(extension, run);
  if (warning !== undefined) tellWarning(warning);
  await writeRecords(job, run, extension);
  try {
    if (measureOnly) {
      const evaluation = await evaluatePolicy(run.judge, { ...hooks, onPart: tellPart(hooks.onEvent) });
      await writeJson(join(folder, 'result.json'), evaluation);
    } else {
      await executeRun(run, { ...hooks, folder, completedSteps, evaluateAtEnd });
    }
    return 'finished';
  } catch (error) {
    if (error instanceof InterruptedError) return 'interrupted';
    throw error;
  }
}

/** What makes a run folder complete: resolved config, versions, seeds, data and its fingerprint. */
async function writeRecords(
  job: Job,
  { sources, backend, fingerprint, trainer, promptsPassedOver }: PreparedRun,
  extension: Extension | undefined,
): Promise<void> {
  const { config, dataset, plugins, prepared } = sources;
  await writeJson(join(job.folder, 'run.json'), {
    tether: tetherVersion(),
    machine: describeMachine(),
    backend: backend.description,
    model: prepared.origin,
    config: { ...config, ...resolvedPluginOptions(config, plugins) },
    seed: config.training.seed,
    totalSteps: trainer.options.totalSteps,
    ...(extension === undefined ? {} : { extends: extension }),
    dataFingerprint: dataset.report.fingerprint,
    tokenFingerprint: dataset.tokenFingerprint,
    evaluationPromptsPassedOver: promptsPassedOver,
    fingerprint,
  });
  await writeJson(join(job.folder, 'data-report.json'), dataset.report);
}
