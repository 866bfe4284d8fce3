import { join } from 'node:path';
import {
  movingParameters,
  needsOf,
  needsReference,
  totalSteps,
  Trainer,
  type Backend,
  type HostBatch,
} from '@tether/core';
import { each, joined, loadDataset, locateRow, longestView, type Dataset } from '@tether/data';
import { createGenerator } from '@tether/model';
import type { ResolvedPlugins } from '../config/resolvePlugins.ts';
import type { RunConfig } from '../config/runSchema.ts';
import { evaluationPrompts, type EvaluationPrompt } from '../evaluation/prompts.ts';
import { promptsOfRows } from '../evaluation/promptsOfRows.ts';
import type { Judge } from '../evaluation/policyEvaluation.ts';
import type { PreparedModel } from '../model/preparedModel.ts';
import { modelFingerprint } from '../model/modelFingerprint.ts';
import { tokenizerFingerprint } from '../model/tokenizerFingerprint.ts';
import { batchesInOrder, planRows, trainingBatches } from './batches.ts';
import { stepDefinition } from './definition.ts';
import { ReferenceFile } from './referenceStore.ts';
import { fingerprintOf } from './runFolder.ts';

export interface RunSources {
  readonly config: RunConfig;
  readonly baseFolder: string;
  readonly plugins: ResolvedPlugins;
  readonly prepared: PreparedModel;
  readonly dataset: Dataset;
}

/** A run ready to start. */
export interface PreparedRun {
  readonly sources: RunSources;
  readonly backend: Backend;
  readonly trainer: Trainer;
  readonly judge: Judge;
  /** Evaluation prompts that no answer is sampled for, see `evaluationPrompts`. */
  readonly promptsPassedOver: number;
  /** Hash of everything that the numbers depend on. */
  readonly fingerprint: string;
  /** The fingerprint that the run would have with other settings. */
  readonly fingerprintWith: (training: RunConfig['training']) => string;
}

/** A run whose parts do not go together. */
export class RunError extends Error {
  override readonly name = 'RunError';
}

export const loadRunData = (
  config: RunConfig,
  { tokenizer, tokenizerFiles }: PreparedModel,
  folders: { readonly baseFolder: string; readonly cacheFolder: string },
): Promise<Dataset> =>
  loadDataset(config.data, tokenizer, { ...folders, tokenizerFingerprint: tokenizerFingerprint(tokenizerFiles) });

function checkFit({ dataset, plugins, prepared, config }: RunSources): void {
  const needs = needsOf(plugins);
  checkRows(plugins, dataset);
  checkPartners(plugins, config);
  if (config.training.sync_ref_model) checkMovingReference(prepared, needsReference(needs));
  if (needs.has('weights') && movingParameters(prepared.model).length === 0) {
    throw new RunError(
      'a regularizer compares the trained weights with their initial values, but an adapter has none: train the whole model (without model.adapter), or take another regularizer',
    );
  }
  const longest = longestView(joined(dataset.train.sizes, dataset.eval.sizes));
  if (longest > prepared.maxLength) {
    throw new RunError(
      `the longest row has ${longest} tokens, but the model was made for ${prepared.maxLength} (max_position_embeddings): set data.max_length to ${prepared.maxLength} or less (it is ${config.data.max_length ?? 'not limited'})`,
    );
  }
}

/** A row alone in its batch would be its own partner. */
function checkPartners(plugins: ResolvedPlugins, { training }: RunConfig): void {
  const uses = [plugins.objective, ...plugins.regularizers];
  const mixing = uses.filter(({ plugin, config }) => plugin.needs(config).includes('mismatchedLogps'));
  const { per_device_train_batch_size: rows, per_device_eval_batch_size: evalRows = rows } = training;
  if (mixing.length === 0 || Math.min(rows, evalRows) > 1) return;
  const option = rows > 1 ? 'per_device_eval_batch_size' : 'per_device_train_batch_size';
  throw new RunError(
    `${named(mixing)} completions under the prompts of other rows of the same batch, but batches have one row: set training.${option} to 2 or more (gradient_accumulation_steps makes up for it)`,
  );
}

const named = (uses: readonly { readonly plugin: { readonly name: string } }[]): string =>
  `${uses.map(({ plugin }) => plugin.name).join(' and ')} ${uses.length === 1 ? 'needs' : 'need'}`;

/** Every plugin has to be able to do with the kind of rows that there are. */
function checkRows(plugins: ResolvedPlugins, { train, eval: held, report }: Dataset): void {
  const uses = [plugins.objective, ...plugins.regularizers];
  const comparing = uses.filter(({ plugin, config }) => plugin.needs(config).includes('rejected'));
  if (comparing.length > 0 && train.sizes.at(0)?.completions.length === 1) {
    throw new RunError(`the data has single completions, but ${named(comparing)} pairs of chosen and rejected`);
  }
  const pairing = uses.filter(({ plugin }) => plugin.takesUnpaired !== true);
  if (pairing.length === 0) return;
  for (const { rowNumber, completions } of each(joined(train.sizes, held.sizes))) {
    if (completions.every(({ length }) => length > 0)) continue;
    const { source, row } = locateRow(report.sources, rowNumber);
    throw new RunError(
      `the data is unpaired (row ${row} of ${source} is the first with one completion and a label), but ${named(pairing)} pairs of chosen and rejected, or single completions: take objective kto or apo_zero_unpaired, with regularizers that take unpaired data, or, to imitate the completions labelled true, data.format: completion with data.on_bad_row: drop`,
    );
  }
}

function checkMovingReference({ model }: PreparedModel, isUsed: boolean): void {
  if (!isUsed) {
    throw new RunError(
      'training.sync_ref_model is true, but neither the objective nor a regularizer looks at the reference',
    );
  }
  if (movingParameters(model).length === 0) {
    throw new RunError(
      'training.sync_ref_model is true, but the reference is the model without its adapter: it has nothing of what is trained, and cannot follow',
    );
  }
}

/** Where precomputed reference values are kept, by what they depend on. */
function referenceFile(folder: string, sources: RunSources, model: string): ReferenceFile {
  const { dataset, config, plugins } = sources;
  const needs = [...needsOf(plugins)].sort();
  const key = fingerprintOf({
    model,
    data: dataset.tokenFingerprint,
    buckets: config.data.buckets,
    needs,
    backend: plugins.backend.plugin.name,
  });
  return new ReferenceFile(join(folder, `reference-${key.slice(0, 16)}.safetensors`));
}

export interface PrepareOptions {
  /** For precomputed reference values; shared by the arms of a comparison. */
  readonly cacheFolder: string;
}

/** Puts model, data, plugins and backend together and uploads everything. The backend is the caller's where this fails. */
export async function prepareRun(sources: RunSources, backend: Backend, options: PrepareOptions): Promise<PreparedRun> {
  checkFit(sources);
  const { config, plugins, prepared, dataset } = sources;
  const { training } = config;
  const needs = needsOf(plugins);
  const planned = planRows(
    dataset.train,
    dataset.eval,
    needs.has('paddedViews') ? 'padded' : 'compact',
    config.data.buckets,
    Math.min(config.data.max_length ?? Infinity, prepared.maxLength),
  );
  const padTokenId = prepared.tokenizer.padTokenId;
  const batches = trainingBatches(planned, {
    rowsPerBatch: training.per_device_train_batch_size,
    accumulate: training.gradient_accumulation_steps,
    seed: training.seed,
    padTokenId,
  });
  const model = modelFingerprint(prepared); // goes through all of them: once is enough
  const fingerprintWith = (settings: RunConfig['training']): string =>
    runFingerprint({ ...sources, config: { ...config, training: settings } }, model, backend);
  const trainer = await Trainer.create({
    backend,
    definition: stepDefinition(config, plugins, prepared.model),
    settings: training,
    totalSteps: totalSteps(training, batches.stepsPerEpoch),
    penaltyWeights: plugins.penaltyWeights,
    batches,
    weights: prepared.weights,
    ...(prepared.referenceWeights === undefined ? {} : { referenceWeights: prepared.referenceWeights }),
    referenceStore: referenceFile(options.cacheFolder, sources, model),
  });
  prepared.weights.clear(); // the device has them
  prepared.referenceWeights?.clear();
  const rowsPerEvaluation = training.per_device_eval_batch_size ?? training.per_device_train_batch_size;
  const pairs = batchesInOrder(planned.eval, planned.evalPlan, rowsPerEvaluation, padTokenId);
  const { prompts, passedOver } = await promptsOf(sources);
  return {
    sources,
    backend,
    trainer,
    judge: judgeOf(sources, trainer, backend, pairs, prompts),
    promptsPassedOver: passedOver,
    fingerprint: fingerprintWith(training),
    fingerprintWith,
  };
}

function promptsOf({ config, dataset, prepared }: RunSources): ReturnType<typeof evaluationPrompts> {
  const { prompts, max_new_tokens: room } = config.evaluation;
  return evaluationPrompts(config.data, dataset, prepared.tokenizer, prompts, prepared.maxLength - room);
}

function judgeOf(
  { config, prepared, dataset }: RunSources,
  trainer: Trainer,
  backend: Backend,
  pairs: Iterable<HostBatch>,
  prompts: readonly EvaluationPrompt[],
): Judge {
  const { evaluation, data, training } = config;
  const generator = createGenerator({
    backend,
    model: prepared.model,
    maxBatch: evaluation.batch_size,
    maxLength: prepared.maxLength,
  });
  const promptOf = promptsOfRows(dataset.eval);
  return { trainer, prepared, generator, data, evaluation, prompts, pairs, promptOf, seed: training.seed };
}

function runFingerprint({ config, dataset, plugins }: RunSources, model: string, backend: Backend): string {
  const { training, data, objective, regularizers } = config;
  return fingerprintOf({
    training,
    data,
    objective: { name: objective.name, config: plugins.objective.config },
    regularizers: regularizers.map((reference, index) => ({
      ...reference,
      config: plugins.regularizers[index]?.config,
    })),
    rows: dataset.tokenFingerprint,
    model,
    backend: backend.description,
  });
}
