import { join } from 'node:path';
import { renderReport, renderTable, summarize, type Arm, type RawComparison, type Summary } from '@tether/compare';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { armFolder, parseArms } from '../config/arms.ts';
import { armSource, pretrainSource, withModelPath } from '../config/derive.ts';
import type { LoadedConfig } from '../config/parseConfig.ts';
import { without } from '../config/source.ts';
import { resolvedPluginOptions } from '../config/resolvedConfig.ts';
import { resolvePlugins } from '../config/resolvePlugins.ts';
import { toPlainError } from '../output/errors.ts';
import type { PolicyEvaluation } from '../evaluation/policyEvaluation.ts';
import type { RunEvent } from '../run/executeRun.ts';
import type { Job, JobOutcome } from '../run/job.ts';
import { describeMachine, tetherVersion } from '../run/machine.ts';
import { RunError } from '../run/prepare.ts';
import { runInChild } from '../run/runInChild.ts';
import { isFinished, readJson, writeAtomically, writeJson } from '../run/runFolder.ts';
import { collectComparison, type ArmRun } from './collect.ts';

/** What a comparison tells while it goes. */
export type ComparisonEvent =
  | { readonly kind: 'start'; readonly run: string; readonly number: number; readonly count: number }
  | { readonly kind: 'kept'; readonly run: string; readonly number: number; readonly count: number }
  | { readonly kind: 'failed'; readonly run: string; readonly message: string }
  | { readonly kind: 'run'; readonly run: string; readonly event: RunEvent };

export interface ComparisonOptions {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: ComparisonEvent) => void;
  /** ISO 8601; injected, so that nothing here reads a clock. */
  readonly createdAt: string;
}

export interface ComparisonResult {
  readonly raw: RawComparison;
  readonly summary: Summary;
  readonly table: string;
  readonly reportPath: string;
}

interface PlannedRun {
  readonly label: string;
  readonly job: Job;
}

/** Every run of a comparison, in order: pretraining, the initial policy's evaluation, then seed by seed all arms. */
function planRuns(
  loaded: LoadedConfig,
  folder: string,
): { readonly first: PlannedRun[]; readonly arms: (PlannedRun & ArmRun)[] } {
  const { config, file, baseFolder } = loaded;
  const job = (source: Job['source'], name: string, part: Partial<Job> = {}): Job => ({
    file,
    baseFolder,
    source,
    folder: join(folder, name),
    cacheFolder: join(folder, 'cache'),
    resume: true,
    measureOnly: false,
    evaluateAtEnd: true,
    ...part,
  });
  const pretrained = join(folder, 'pretrained');
  const onModel = (source: Job['source']): Job['source'] =>
    config.model.pretrain === undefined ? source : withModelPath(source, join(pretrained, 'model'));
  const first: PlannedRun[] = [];
  if (config.model.pretrain !== undefined) {
    first.push({ label: 'pretrain', job: job(pretrainSource(loaded.source), 'pretrained', { evaluateAtEnd: false }) });
  }
  const { arms, seeds } = config.compare!; // the caller has checked that there is one
  const before = onModel(armSource(loaded.source, 0, seeds[0]!));
  first.push({ label: 'before training', job: job(before, 'before', { measureOnly: true }) });
  const planned = seeds.flatMap((seed) =>
    arms.map(({ name }, index) => {
      const folderName = join('arms', armFolder(name), `seed-${seed}`);
      return {
        label: `${name}, seed ${seed}`,
        arm: name,
        seed,
        folder: join(folder, folderName),
        job: job(onModel(armSource(loaded.source, index, seed)), folderName),
      };
    }),
  );
  return { first, arms: planned };
}

/** Runs a job unless its result is there already. */
async function runPlanned(
  planned: PlannedRun,
  number: number,
  count: number,
  options: ComparisonOptions,
): Promise<JobOutcome> {
  const { label, job } = planned;
  if (isFinished(job.folder)) {
    options.onEvent({ kind: 'kept', run: label, number, count });
    return 'finished';
  }
  options.onEvent({ kind: 'start', run: label, number, count });
  return runInChild(job, {
    signal: options.signal,
    onEvent: (event) => options.onEvent({ kind: 'run', run: label, event }),
  });
}

/** Before any arm is trained: whether there is something to judge the arms by. */
async function checkMeasured(before: string): Promise<void> {
  const { measurements } = (await readJson(join(before, 'result.json'))) as PolicyEvaluation; // written by `runJob`
  if (measurements.length > 0) return;
  const { evaluationPromptsPassedOver: passedOver } = (await readJson(join(before, 'run.json'))) as Record<
    string,
    number
  >;
  throw new RunError(
    `nothing can be measured, so that no arm could be called better: there are no held-out rows (see data.eval_fraction and data.eval_files), and no prompt to sample answers for (${passedOver} passed over, since they leave no room for evaluation.max_new_tokens)`,
  );
}

/**
 * Trains every arm with every seed, one after the other, and writes `summary.json` and `report.html`. Runs that are
 * finished already are kept, so that an interrupted comparison goes on where it stopped.
 *
 * A run that fails is told and counted as missing; the comparison goes on without it.
 *
 * @returns undefined when it was interrupted
 */
export async function runComparison(
  loaded: LoadedConfig,
  options: ComparisonOptions,
): Promise<ComparisonResult | undefined> {
  const { first, arms } = planRuns(loaded, options.folder);
  const count = first.length + arms.length;
  for (const [index, planned] of first.entries()) {
    if ((await runPlanned(planned, index + 1, count, options)) === 'interrupted') return undefined;
    if (options.signal.aborted) return undefined;
  }
  await checkMeasured(join(options.folder, 'before'));
  const runs: ArmRun[] = [];
  for (const [index, planned] of arms.entries()) {
    const { arm, seed, folder } = planned;
    try {
      const outcome = await runPlanned(planned, first.length + index + 1, count, options);
      if (outcome === 'interrupted') return undefined;
      runs.push({ arm, seed, folder });
    } catch (error) {
      const { message } = toPlainError(error);
      options.onEvent({ kind: 'failed', run: planned.label, message });
      runs.push({ arm, seed, folder, failure: message });
    }
    if (options.signal.aborted) return undefined;
  }
  return finishComparison(loaded, runs, options);
}

async function finishComparison(
  loaded: LoadedConfig,
  runs: readonly ArmRun[],
  options: ComparisonOptions,
): Promise<ComparisonResult> {
  const before = join(options.folder, 'before');
  const record = (await readJson(join(before, 'run.json'))) as { backend: string; model: string }; // written by `runJob`
  const { compare, name } = loaded.config;
  const raw = await collectComparison({
    name,
    arms: await describeArms(loaded),
    seeds: compare!.seeds,
    runs,
    before,
    facts: { ...describeMachine(), tether: tetherVersion(), backend: record.backend, model: record.model },
    createdAt: options.createdAt,
  });
  await writeJson(join(options.folder, 'comparison.json'), raw); // first: it is what took the time
  const summary = summarize(raw);
  await writeJson(join(options.folder, 'summary.json'), summary);
  const reportPath = join(options.folder, 'report.html');
  await writeAtomically(reportPath, renderReport(raw, summary));
  return { raw, summary, table: renderTable(summary), reportPath };
}

/** What tells an arm from the others in the report, without the seeds, which all of them share. */
async function describeArms(loaded: LoadedConfig): Promise<Arm[]> {
  const registry = new PluginRegistry(loaded.baseFolder);
  const arms: Arm[] = [];
  for (const { arm, config } of parseArms(loaded)) {
    const training = without({ ...config.training }, 'seed');
    const options = resolvedPluginOptions(config, await resolvePlugins(registry, loaded.file, config));
    arms.push({ name: arm.name, config: { ...options, training } });
  }
  return arms;
}
