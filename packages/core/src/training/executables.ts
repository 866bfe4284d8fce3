import type { Graph } from '@tether/graph';
import { disposeOfCompiled, type Backend, type BatchShape, type Executable } from '../contracts/index.ts';
import {
  evaluationStep,
  gradientStep,
  names,
  referenceStep,
  referenceSync,
  trainableParameters,
  updateStep,
  type MicroBatchRole,
  type ReadingLayout,
  type StepDefinition,
} from '../step/index.ts';

export interface CompiledStep {
  readonly executable: Executable;
  readonly layout: ReadingLayout;
  /** Tensors of the run whose memory a run takes over: they are dead afterwards, also where it fails. */
  readonly consumes: ReadonlySet<string>;
}

/** A graph before it is compiled. */
interface TracedStep {
  readonly graph: Graph;
  /** For messages and profiles. */
  readonly label: string;
  readonly layout?: ReadingLayout;
  readonly inPlace?: ReadonlyMap<string, string>;
}

const describe = ({ rows, rowLength }: BatchShape): string => `${rows}×${rowLength}`;

/** Compiles each graph of a run once per bucket, when it is first used. */
export class Executables {
  readonly #backend: Backend;
  readonly #definition: StepDefinition;
  readonly #compiled = new Map<string, Promise<CompiledStep>>();

  constructor(backend: Backend, definition: StepDefinition) {
    this.#backend = backend;
    this.#definition = definition;
  }

  #once(key: string, trace: () => TracedStep): Promise<CompiledStep> {
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const compiled = Promise.try(async () => {
      const { graph, label, layout = [], inPlace = new Map<string, string>() } = trace();
      const executable = await this.#backend.compile(graph, { label, inPlace });
      return { executable, layout, consumes: new Set(inPlace.values()) };
    });
    this.#compiled.set(key, compiled);
    return compiled;
  }

  gradient(shape: BatchShape, role: MicroBatchRole): Promise<CompiledStep> {
    return this.#once(`gradient ${JSON.stringify([shape, role])}`, () => {
      const slots = trainableParameters(this.#definition.model).map(({ name }) => names.gradient(name));
      const inPlace = new Map(role.continues ? slots.map((slot) => [slot, slot] as const) : []);
      return { ...gradientStep(this.#definition, shape, role), label: `step ${describe(shape)}`, inPlace };
    });
  }

  update(): Promise<CompiledStep> {
    return this.#once('update', () => ({ ...updateStep(this.#definition), label: 'update' }));
  }

  referenceSync(): Promise<CompiledStep> {
    return this.#once('reference sync', () => ({ ...referenceSync(this.#definition.model), label: 'reference sync' }));
  }

  evaluation(shape: BatchShape, withObjective: boolean): Promise<CompiledStep> {
    return this.#once(`evaluation ${JSON.stringify([shape, withObjective])}`, () => ({
      ...evaluationStep(this.#definition, shape, withObjective),
      label: `evaluation ${describe(shape)}`,
    }));
  }

  reference(shape: BatchShape, withStates: boolean): Promise<CompiledStep> {
    return this.#once(`reference ${JSON.stringify([shape, withStates])}`, () => ({
      graph: referenceStep(this.#definition, shape, withStates),
      label: `reference ${describe(shape)}`,
    }));
  }

  async dispose(): Promise<void> {
    await disposeOfCompiled(this.#compiled.values());
    this.#compiled.clear();
  }
}
