import type { Backend, BatchShape, Executable } from '../contracts/index.ts';
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

  #once(key: string, compile: () => Promise<CompiledStep>): Promise<CompiledStep> {
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const compiled = compile();
    this.#compiled.set(key, compiled);
    return compiled;
  }

  gradient(shape: BatchShape, role: MicroBatchRole): Promise<CompiledStep> {
    return this.#once(`gradient ${JSON.stringify([shape, role])}`, async () => {
      const { graph, layout } = gradientStep(this.#definition, shape, role);
      const slots = trainableParameters(this.#definition.model).map(({ name }) => names.gradient(name));
      const inPlace = new Map(role.continues ? slots.map((slot) => [slot, slot] as const) : []);
      return { executable: await this.#backend.compile(graph, { label: `step ${describe(shape)}`, inPlace }), layout };
    });
  }

  update(): Promise<CompiledStep> {
    return this.#once('update', async () => {
      const { graph, inPlace } = updateStep(this.#definition);
      return { executable: await this.#backend.compile(graph, { label: 'update', inPlace }), layout: [] };
    });
  }

  referenceSync(): Promise<CompiledStep> {
    return this.#once('reference sync', async () => {
      const { graph, inPlace } = referenceSync(this.#definition.model);
      return { executable: await this.#backend.compile(graph, { label: 'reference sync', inPlace }), layout: [] };
    });
  }

  evaluation(shape: BatchShape, withObjective: boolean): Promise<CompiledStep> {
    return this.#once(`evaluation ${JSON.stringify([shape, withObjective])}`, async () => {
      const { graph, layout } = evaluationStep(this.#definition, shape, withObjective);
      return { executable: await this.#backend.compile(graph, { label: `evaluation ${describe(shape)}` }), layout };
    });
  }

  reference(shape: BatchShape, withStates: boolean): Promise<CompiledStep> {
    return this.#once(`reference ${JSON.stringify([shape, withStates])}`, async () => {
      const graph = referenceStep(this.#definition, shape, withStates);
      return { executable: await this.#backend.compile(graph, { label: `reference ${describe(shape)}` }), layout: [] };
    });
  }

  async dispose(): Promise<void> {
    for (const compiled of this.#compiled.values()) await (await compiled).executable.dispose();
    this.#compiled.clear();
  }
}
