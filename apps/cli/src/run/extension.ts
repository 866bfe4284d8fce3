import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { learningRateAt, weightsAt, type TrainingSettings } from '@tether/core';
import { CheckpointStore } from './checkpoints.ts';
import { RunError, type PreparedRun } from './prepare.ts';
import { isFinished, readJson, writeJson } from './runFolder.ts';

/** The run that another one goes on from, as its folder keeps it in `extends.json`. */
export interface Extension {
  readonly folder: string;
  /** Steps of the checkpoint that it starts from. */
  readonly completedSteps: number;
  /** How many steps that run was to have, and its settings: the checkpoint's fingerprint is of them. */
  readonly totalSteps: number;
  readonly training: TrainingSettings;
}

const EXTENSION = 'extends.json';

/** What a run that goes on needs of the other one, besides its last checkpoint. */
const KEPT = ['backend.json', 'metrics.jsonl', 'timings.jsonl'];

const checkpointsOf = (folder: string): CheckpointStore => new CheckpointStore(join(folder, 'checkpoints'), 1);

/** Steps at a run's last checkpoint, and steps that it was to have. Throws RunError where there is no checkpoint. */
export async function progressOf(folder: string): Promise<Pick<Extension, 'completedSteps' | 'totalSteps'>> {
  const completedSteps = await checkpointsOf(folder).latestSteps();
  if (completedSteps === undefined) throw new RunError(`${folder} has no checkpoint of a run to go on from`);
  const { totalSteps } = (await readJson(join(folder, 'run.json'))) as { totalSteps: number }; // written by `runJob`
  return { completedSteps, totalSteps };
}

/** Copies into a new run's folder all that it goes on from; the other folder is only read. The checkpoint comes last. */
export async function copyExtended(extension: Extension, folder: string): Promise<void> {
  const { folder: from, completedSteps } = extension;
  await writeJson(join(folder, EXTENSION), extension);
  for (const name of KEPT) {
    if (existsSync(join(from, name))) await cp(join(from, name), join(folder, name));
  }
  const pretrained = join(from, 'pretrained');
  if (isFinished(pretrained)) await cp(pretrained, join(folder, 'pretrained'), { recursive: true });
  await checkpointsOf(from).copy(completedSteps, join(folder, 'checkpoints'));
}

export async function extensionOf(folder: string): Promise<Extension | undefined> {
  const path = join(folder, EXTENSION);
  return existsSync(path) ? ((await readJson(path)) as Extension) : undefined; // written above
}

/** Throws RunError where a run with an extension has nothing to start from, or no steps to add. */
export function checkExtension(extension: Extension, run: PreparedRun, checkpointSteps: number | undefined): void {
  const { folder, completedSteps } = extension;
  if (checkpointSteps === undefined)
    throw new RunError(`this run goes on from ${folder}, but its checkpoint was not copied to the end: start it again`);
  const { totalSteps } = run.trainer.options;
  if (totalSteps > completedSteps) return;
  throw new RunError(
    `${folder} has ${completedSteps} steps behind it, and this run has ${totalSteps} in all: set training.max_steps or num_train_epochs to more`,
  );
}

/**
 * What tells an extended run from one that had its length from the start; undefined where they are the same.
 * Schedules follow the whole length, so the steps behind had others.
 */
export function scheduleWarning(extension: Extension, { trainer }: PreparedRun): string | undefined {
  const now = trainer.options;
  const { completedSteps, totalSteps, training } = extension;
  const before = { ...now, settings: training, totalSteps };
  const at = (source: typeof now, step: number): string =>
    JSON.stringify([learningRateAt(source, step), weightsAt(source, step)]);
  const steps = Array.from({ length: completedSteps }, (_, step) => step);
  if (steps.every((step) => at(before, step) === at(now, step))) return undefined;
  const rate = (source: typeof now, step: number): string => learningRateAt(source, step).toPrecision(3);
  return `schedules follow the length of a run: steps 1 to ${completedSteps} had those of ${totalSteps} steps, the others have those of ${now.totalSteps}, so the result is not that of one run of ${now.totalSteps}. The learning rate goes from ${rate(before, completedSteps - 1)} (step ${completedSteps}) to ${rate(now, completedSteps)} (step ${completedSteps + 1})`;
}
