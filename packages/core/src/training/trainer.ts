import type { Backend, HostArray, HostBatch, HostTensor } from '../contracts/index.ts';
import {
  batchValues,
  combineReadings,
  countBatches,
  countValues,
  gradientStep,
  mismatchedValues,
  MIXUP,
  names,
  needsOf,
  READINGS,
  scalarValue,
  trainableParameters,
  type BatchCounts,
  type MicroBatchRole,
  type ReadingVector,
  type StepDefinition,
} from '../step/index.ts';
import { BatchesAhead } from './batchesAhead.ts';
import type { BatchSource } from './batchSource.ts';
import { DeviceState } from './deviceState.ts';
import { Executables, type CompiledStep } from './executables.ts';
import { uploadNetworks, uploadParameters, type InitialWeights } from './initialState.ts';
import { firstNonFinite, NonFiniteError } from './nonFinite.ts';
import { precomputedValues, precomputeReference, type ReferenceRows, type ReferenceStore } from './reference.ts';
import { checkReference } from './referenceSource.ts';
import { runGraph, takeOutput } from './runGraph.ts';
import {
  delayedAt,
  gradientScalars,
  learningRateAt,
  updateScalars,
  weightsAt,
  type ScalarSource,
} from './stepScalars.ts';

export interface TrainerOptions extends ScalarSource, InitialWeights {
  readonly backend: Backend;
  readonly batches: BatchSource;
  readonly referenceStore?: ReferenceStore;
}

export interface StepResult {
  readonly readings: Readonly<Record<string, number>>;
  /** Tokens of the rows, padding included. */
  readonly tokens: number;
  readonly rows: number;
}

/** Slots that add up gradients over the micro-batches of one step: the policy's, and those of the opponents. */
const isGradient = ({ regularizers }: Pick<StepDefinition, 'regularizers'>): ((name: string) => boolean) => {
  const prefixes = [names.gradient(''), ...regularizers.map(({ key }) => names.network(key, 'gradient', ''))];
  return (name) => prefixes.some((prefix) => name.startsWith(prefix));
};

/** A run on a device: its tensors, its compiled graphs, and one optimizer step at a time. */
export class Trainer {
  readonly options: TrainerOptions;
  readonly state: DeviceState;
  readonly executables: Executables;
  readonly #batches: BatchesAhead;
  #referenceRows: ReferenceRows | undefined;

  private constructor(options: TrainerOptions) {
    this.options = options;
    this.state = new DeviceState(options.backend);
    this.executables = new Executables(options.backend, options.definition);
    this.#batches = new BatchesAhead(options.batches);
  }

  /** Uploads the initial tensors, and computes the reference's values where the run wants them beforehand. */
  static async create(options: TrainerOptions): Promise<Trainer> {
    checkReference(options.definition);
    const trainer = new Trainer(options);
    await uploadParameters(trainer.state, options);
    await uploadNetworks(trainer.state, options);
    if (options.definition.reference === 'precomputed') {
      const { backend, definition, batches, referenceStore } = options;
      const [state, executables] = [trainer.state, trainer.executables];
      trainer.#referenceRows = await precomputeReference(
        backend,
        definition,
        state,
        executables,
        () => batches.everyRow(),
        referenceStore,
      );
    }
    return trainer;
  }

  /**
   * One optimizer step (0-based): gradients over its micro-batches, opponents, then the policy's update.
   *
   * @throws NonFiniteError before anything of the policy is overwritten
   */
  async step(step: number): Promise<StepResult> {
    const { batches, settings, totalSteps } = this.options;
    const microBatches = this.#batches.take(step);
    const counts = countBatches(microBatches);
    const vectors: ReadingVector[] = [];
    for (const [index, batch] of microBatches.entries()) {
      const role = this.#role(step, index > 0, index === microBatches.length - 1);
      const compiled = await this.executables.gradient(batch.shape, role);
      const values = await this.#microBatchValues(batch, counts, step, index);
      const [vector] = await Promise.all([
        this.#accumulate(compiled, values),
        role.completes && step + 1 < totalSteps ? this.#batches.prepare(step + 1) : undefined,
      ]);
      if (!vector.every(Number.isFinite)) throw await this.#nonFinite(microBatches, step, index);
      vectors.push({ layout: compiled.layout, vector });
    }
    const readings = combineReadings(vectors, counts);
    await this.#update(step, readings['grad_norm']!);
    await this.#syncReference(step + 1);
    const epoch = (step + 1) / batches.stepsPerEpoch;
    return {
      readings: {
        ...readings,
        ...this.#weightReadings(step),
        learning_rate: learningRateAt(this.options, step),
        epoch,
      },
      tokens: microBatches.reduce((sum, { shape }) => sum + shape.rows * shape.rowLength, 0),
      rows: Math.min(settings.per_device_train_batch_size * microBatches.length, counts.rows),
    };
  }

  #role(step: number, continues: boolean, completes: boolean): MicroBatchRole {
    return { continues, completes, delayed: delayedAt(this.options, step) };
  }

  #weightReadings(step: number): Record<string, number> {
    const weights = Object.entries(weightsAt(this.options, step));
    return Object.fromEntries(weights.map(([key, weight]) => [`${key}/weight`, weight]));
  }

  async #batchValues(batch: HostBatch): Promise<Map<string, HostTensor>> {
    const { definition } = this.options;
    const values = new Map([...batchValues(batch), ...mismatchedValues(needsOf(definition), batch)]);
    if (this.#referenceRows === undefined) return values;
    return new Map([...values, ...(await precomputedValues(this.#referenceRows, batch, definition))]);
  }

  /** Values of a micro-batch's graph that are not tensors of the run. */
  async #microBatchValues(
    batch: HostBatch,
    counts: BatchCounts,
    step: number,
    index: number,
  ): Promise<Map<string, HostTensor>> {
    return new Map([
      ...(await this.#batchValues(batch)),
      ...countValues(counts),
      ...gradientScalars(this.options, step, index),
    ]);
  }

  /** Runs a micro-batch and keeps its gradients; what changes networks is kept only where all readings are finite. */
  async #accumulate(compiled: CompiledStep, values: ReadonlyMap<string, HostTensor>): Promise<HostArray> {
    const { backend } = this.options;
    const outputs = await runGraph(backend, compiled, this.state, values);
    const { data } = await takeOutput(backend, outputs, READINGS);
    const isFinite = data.every(Number.isFinite);
    for (const [name, tensor] of outputs) {
      if (name === READINGS) continue;
      if (isFinite || name.startsWith(names.gradient(''))) this.state.set(name, tensor);
      else backend.release(tensor);
    }
    return data;
  }

  /**
   * The error for a step whose readings are not finite up to micro-batch `last`: probes each micro-batch alone, since a
   * gradient that is not finite shows in the norm only after the last one.
   */
  async #nonFinite(microBatches: readonly HostBatch[], step: number, last: number): Promise<NonFiniteError> {
    const { backend, definition } = this.options;
    const counts = countBatches(microBatches);
    const suspects = microBatches.slice(0, last + 1);
    let rowNumbers = suspects.flatMap((batch) => batch.rowNumbers);
    let source = 'the accumulated gradients';
    for (const [index, batch] of suspects.entries()) {
      const role = this.#role(step, false, index === microBatches.length - 1);
      const { graph } = gradientStep(definition, batch.shape, role);
      const found = await firstNonFinite(
        backend,
        graph,
        this.state,
        await this.#microBatchValues(batch, counts, step, index),
      );
      if (found === undefined) continue;
      [source, rowNumbers] = [found, [...batch.rowNumbers]];
      break;
    }
    const rows = rowNumbers.filter((row) => row >= 0).join(', ');
    return new NonFiniteError(
      `step ${step + 1}: the loss or its gradient is not finite; first seen in ${source}; ` +
        `rows of the batch: ${rows}. The policy still has its values from before this step.`,
    );
  }

  async #update(step: number, gradientNorm: number): Promise<void> {
    const { backend, definition } = this.options;
    const compiled = await this.executables.update();
    const outputs = await runGraph(backend, compiled, this.state, updateScalars(this.options, step, gradientNorm));
    for (const [name, tensor] of outputs) this.state.set(name, tensor);
    for (const name of this.state.names().filter(isGradient(definition))) this.state.release(name);
  }

  /** Moves the reference towards the policy, where the run does that and the step is due. */
  async #syncReference(completedSteps: number): Promise<void> {
    const { backend, definition, settings } = this.options;
    if (definition.reference !== 'moving' || completedSteps % settings.ref_model_sync_steps !== 0) return;
    const compiled = await this.executables.referenceSync();
    const scalars = new Map([scalarValue(MIXUP, settings.ref_model_mixup_alpha)]);
    const outputs = await runGraph(backend, compiled, this.state, scalars);
    for (const [name, tensor] of outputs) this.state.set(name, tensor);
  }

  /** Tensors that a checkpoint keeps: everything that steps change and that outlives them. */
  #trained(): string[] {
    const gradient = isGradient(this.options.definition);
    const frozen = this.#frozen();
    const isKept = (name: string): boolean =>
      !name.startsWith(names.reference('')) && !gradient(name) && !frozen.has(name);
    return this.state.names().filter(isKept);
  }

  /** The policy's tensors that no step changes, such as the base of an adapter: a resumed run has them from the model. */
  #frozen(): ReadonlySet<string> {
    const { parameters } = this.options.definition.model;
    return new Set(parameters.filter(({ trainable }) => !trainable).map(({ name }) => names.policy(name)));
  }

  /** Names and values of everything that training changes, for a checkpoint. */
  async snapshot(): Promise<Map<string, HostTensor>> {
    const kept = new Map<string, HostTensor>();
    for (const name of this.#trained()) kept.set(name, await this.state.download(name));
    return kept;
  }

  /**
   * Puts a snapshot back. Throws naming tensors that are missing, unknown or of another shape. Frozen weights, which
   * earlier snapshots had, are passed over: the run has them.
   */
  async restore(tensors: ReadonlyMap<string, HostTensor>): Promise<void> {
    const expected = this.#trained();
    const frozen = this.#frozen();
    const problems = [
      ...expected.filter((name) => !tensors.has(name)).map((name) => `missing ${name}`),
      ...[...tensors.keys()]
        .filter((name) => !expected.includes(name) && !frozen.has(name))
        .map((name) => `unknown ${name}`),
      ...expected
        .filter((name) => tensors.has(name) && String(tensors.get(name)!.shape) !== String(this.state.get(name).shape))
        .map((name) => `${name} is [${tensors.get(name)!.shape}] instead of [${this.state.get(name).shape}]`),
    ];
    if (problems.length > 0) throw new Error(`the checkpoint does not fit this run: ${problems.join('; ')}`);
    for (const name of expected) await this.state.upload(name, tensors.get(name)!);
  }

  /** The policy's parameters by checkpoint name, downloaded: all of them, or those that training changes. */
  async policyWeights(which: 'all' | 'trained' = 'all'): Promise<Map<string, HostTensor>> {
    const { model } = this.options.definition;
    const weights = new Map<string, HostTensor>();
    for (const { name } of which === 'all' ? model.parameters : trainableParameters(model)) {
      weights.set(name, await this.state.download(names.policy(name)));
    }
    return weights;
  }

  async dispose(): Promise<void> {
    await this.#referenceRows?.close();
    await this.executables.dispose();
    this.state.releaseAll();
  }
}
