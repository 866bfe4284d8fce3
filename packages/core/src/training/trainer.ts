import { hostTensor, type Backend, type HostBatch, type HostTensor, type Weights } from '../contracts/index.ts';
import { initialValues } from '../random/index.ts';
import {
  batchValues,
  combineReadings,
  countBatches,
  countValues,
  names,
  needsOf,
  needsReference,
  networkSpec,
  READINGS,
  trainableParameters,
  type ReadingVector,
} from '../step/index.ts';
import type { BatchSource } from './batchSource.ts';
import { DeviceState } from './deviceState.ts';
import { Executables } from './executables.ts';
import { firstNonFinite, NonFiniteError } from './nonFinite.ts';
import { precomputedValues, precomputeReference, type ReferenceRow, type ReferenceStore } from './reference.ts';
import { runGraph, takeOutput } from './runGraph.ts';
import { gradientScalars, learningRateAt, updateScalars, weightsAt, type ScalarSource } from './stepScalars.ts';

export interface TrainerOptions extends ScalarSource {
  readonly backend: Backend;
  readonly batches: BatchSource;
  /** Initial policy; also the reference, unless `referenceWeights` is given. */
  readonly weights: Weights;
  readonly referenceWeights?: Weights;
  readonly referenceStore?: ReferenceStore;
}

export interface StepResult {
  readonly readings: Readonly<Record<string, number>>;
  /** Tokens of the rows, padding included. */
  readonly tokens: number;
  readonly rows: number;
}

/** Tensors of a run that a checkpoint keeps: everything that steps change. */
const isTrained = (name: string): boolean => !name.startsWith('reference/') && !name.startsWith('gradient/');

/** A run on a device: its tensors, its compiled graphs, and one optimizer step at a time. */
export class Trainer {
  readonly options: TrainerOptions;
  readonly state: DeviceState;
  readonly executables: Executables;
  #referenceRows: ReadonlyMap<number, ReferenceRow> | undefined;

  private constructor(options: TrainerOptions) {
    this.options = options;
    this.state = new DeviceState(options.backend);
    this.executables = new Executables(options.backend, options.definition);
  }

  /** Uploads the initial tensors, and computes the reference's values where the run wants them beforehand. */
  static async create(options: TrainerOptions): Promise<Trainer> {
    const trainer = new Trainer(options);
    await trainer.#uploadParameters();
    await trainer.#uploadNetworks();
    if (options.definition.reference === 'precomputed') {
      const { backend, definition, batches, referenceStore } = options;
      const [state, executables] = [trainer.state, trainer.executables];
      trainer.#referenceRows = await precomputeReference(
        backend,
        definition,
        state,
        executables,
        batches.everyRow(),
        referenceStore,
      );
    }
    return trainer;
  }

  async #uploadParameters(): Promise<void> {
    const { definition, weights, referenceWeights = weights } = this.options;
    const { model } = definition;
    const put = async (slot: string, name: string, shape: readonly number[], from: Weights): Promise<void> => {
      const data = from.get(name);
      if (data === undefined) throw new Error(`the weights have no tensor "${name}"`);
      await this.state.upload(slot, hostTensor('f32', shape, data.slice()));
    };
    for (const { name, shape } of model.parameters) await put(names.policy(name), name, shape, weights);
    for (const { name, shape } of trainableParameters(model)) {
      const zeros = (): HostTensor => hostTensor('f32', shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));
      await this.state.upload(names.firstMoment(name), zeros());
      await this.state.upload(names.secondMoment(name), zeros());
    }
    const frozen = new Set(model.parameters.filter(({ trainable }) => !trainable).map(({ name }) => name));
    for (const { name, shape } of model.referenceParameters) {
      if (!frozen.has(name)) await put(names.reference(name), name, shape, referenceWeights);
    }
  }

  async #uploadNetworks(): Promise<void> {
    const { definition, settings } = this.options;
    for (const use of definition.regularizers) {
      const spec = networkSpec(definition.model, use);
      for (const part of ['parameter', 'state'] as const) {
        for (const [name, tensor] of Object.entries(part === 'parameter' ? spec.parameters : spec.state)) {
          const slot = names.network(use.key, part, name);
          await this.state.upload(slot, hostTensor('f32', tensor.shape, initialValues(slot, tensor, settings.seed)));
          if (part === 'state') continue;
          const zeros = { ...tensor, initializer: { kind: 'constant', value: 0 } } as const;
          for (const moment of ['firstMoment', 'secondMoment'] as const) {
            const values = initialValues(slot, zeros, 0);
            await this.state.upload(names.network(use.key, moment, name), hostTensor('f32', tensor.shape, values));
          }
        }
      }
    }
  }

  /**
   * One optimizer step (0-based): gradients over its micro-batches, opponents, then the policy's update.
   *
   * @throws NonFiniteError before anything of the policy is overwritten
   */
  async step(step: number): Promise<StepResult> {
    const { batches, settings } = this.options;
    const microBatches = batches.microBatches(step);
    const counts = countValues(countBatches(microBatches));
    const vectors: ReadingVector[] = [];
    for (const [index, batch] of microBatches.entries()) {
      const role = { continues: index > 0, completes: index === microBatches.length - 1 };
      const compiled = await this.executables.gradient(batch.shape, role);
      const values = new Map([...this.#batchValues(batch), ...counts, ...gradientScalars(this.options, step, index)]);
      const vector = await this.#accumulate(compiled, values, batch, step, role.continues);
      vectors.push({ layout: compiled.layout, vector });
    }
    const readings = combineReadings(vectors);
    await this.#update(step, readings['grad_norm']!);
    const epoch = (step + 1) / batches.stepsPerEpoch;
    return {
      readings: {
        ...readings,
        ...this.#weightReadings(step),
        learning_rate: learningRateAt(this.options, step),
        epoch,
      },
      tokens: microBatches.reduce((sum, { shape }) => sum + shape.rows * shape.rowLength, 0),
      rows: Math.min(settings.per_device_train_batch_size * microBatches.length, countBatches(microBatches).rows),
    };
  }

  #weightReadings(step: number): Record<string, number> {
    const weights = Object.entries(weightsAt(this.options, step));
    return Object.fromEntries(weights.map(([key, weight]) => [`${key}/weight`, weight]));
  }

  #batchValues(batch: HostBatch): Map<string, HostTensor> {
    const values = batchValues(batch);
    if (this.#referenceRows === undefined) return values;
    const { hiddenSize } = this.options.definition.model;
    return new Map([...values, ...precomputedValues(this.#referenceRows, batch, hiddenSize)]);
  }

  async #accumulate(
    { executable }: Awaited<ReturnType<Executables['gradient']>>,
    values: ReadonlyMap<string, HostTensor>,
    batch: HostBatch,
    step: number,
    continues: boolean,
  ): Promise<ArrayLike<number>> {
    const { backend } = this.options;
    const outputs = await runGraph(backend, executable, this.state, values);
    const { data } = await takeOutput(backend, outputs, READINGS);
    if (!data.every(Number.isFinite)) {
      for (const [name, tensor] of outputs) if (name !== READINGS) backend.release(tensor);
      const source = await firstNonFinite(backend, executable.graph, this.state, values);
      const rows = batch.rowNumbers.filter((row) => row >= 0).join(', ');
      throw new NonFiniteError(
        `step ${step + 1}: the loss or its gradient is not finite; first seen in ${source ?? 'the accumulated gradients'}; ` +
          `rows of the batch: ${rows}. The policy still has its values from before this step.`,
      );
    }
    for (const [name, tensor] of outputs) {
      if (name === READINGS) continue;
      if (continues && name.startsWith('gradient/')) this.state.replaceConsumed(name, tensor);
      else this.state.set(name, tensor);
    }
    return data;
  }

  async #update(step: number, gradientNorm: number): Promise<void> {
    const { backend, definition } = this.options;
    const { executable } = await this.executables.update();
    const outputs = await runGraph(backend, executable, this.state, updateScalars(this.options, step, gradientNorm));
    for (const [name, tensor] of outputs) this.state.replaceConsumed(name, tensor);
    for (const { name } of trainableParameters(definition.model)) this.state.release(names.gradient(name));
  }

  /** Names and values of everything that training changes, for a checkpoint. */
  async snapshot(): Promise<Map<string, HostTensor>> {
    const kept = new Map<string, HostTensor>();
    for (const name of this.state.names().filter(isTrained)) kept.set(name, await this.state.download(name));
    return kept;
  }

  /** Puts a snapshot back. Throws naming tensors that are missing, unknown or of another shape. */
  async restore(tensors: ReadonlyMap<string, HostTensor>): Promise<void> {
    const expected = this.state.names().filter(isTrained);
    const problems = [
      ...expected.filter((name) => !tensors.has(name)).map((name) => `missing ${name}`),
      ...[...tensors.keys()].filter((name) => !expected.includes(name)).map((name) => `unknown ${name}`),
      ...expected
        .filter((name) => tensors.has(name) && String(tensors.get(name)!.shape) !== String(this.state.get(name).shape))
        .map((name) => `${name} is [${tensors.get(name)!.shape}] instead of [${this.state.get(name).shape}]`),
    ];
    if (problems.length > 0) throw new Error(`the checkpoint does not fit this run: ${problems.join('; ')}`);
    for (const name of expected) await this.state.upload(name, tensors.get(name)!);
  }

  /** The policy's parameters by checkpoint name, downloaded. */
  async policyWeights(): Promise<Map<string, HostTensor>> {
    const weights = new Map<string, HostTensor>();
    for (const { name } of this.options.definition.model.parameters) {
      weights.set(name, await this.state.download(names.policy(name)));
    }
    return weights;
  }

  async dispose(): Promise<void> {
    await this.executables.dispose();
    this.state.releaseAll();
  }
}

/** Where a run's reference comes from, given what its plugins need and the settings. */
export function referenceSource(
  definition: Pick<ScalarSource['definition'], 'objective' | 'regularizers'>,
  precompute: boolean,
): ScalarSource['definition']['reference'] {
  if (!needsReference(needsOf(definition))) return 'none';
  return precompute ? 'precomputed' : 'inline';
}
