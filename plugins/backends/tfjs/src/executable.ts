import { checkDonations, checkInputs, Lifetime, naming, type CompileOptions, type Executable } from '@tether/core';
import { optimize, type Graph } from '@tether/graph';
import type { Engine, Value } from './engines/engine.ts';
import { expand, lowerings } from './lower/index.ts';
import { planSteps, type Plan, type Step } from './plan.ts';
import { computeStep, runKernels, runSteps, Values } from './run.ts';
import { layoutOf, type TensorStore, type TfjsTensor } from './tensor.ts';

/** What the executables of one backend share. */
export interface Shared {
  readonly engine: Engine;
  readonly store: TensorStore;
  /** Of the backend. */
  readonly lifetime: Lifetime;
}

/** @throws BackendError when donations do not fit or an element type is not to be had */
export async function compileGraph(
  shared: Shared,
  source: Graph,
  { label = 'graph', inPlace = new Map<string, string>() }: CompileOptions = {},
): Promise<Executable> {
  checkDonations(source, inPlace, label);
  const graph = optimize(source, Object.keys(lowerings));
  return naming(label, () => {
    for (const { dtype } of [...graph.inputs.values(), ...graph.nodes]) layoutOf(dtype); // throws where there is none
    shared.engine.activate();
    return new TfjsExecutable(shared, source, graph, label, new Set(inPlace.values()));
  });
}

class TfjsExecutable implements Executable {
  readonly graph: Graph;
  readonly #store: TensorStore;
  readonly #engine: Engine;
  /** Before the passes, which may have dropped inputs that nothing depends on. */
  readonly #source: Graph;
  readonly #label: string;
  /** Names of the inputs that runs consume. */
  readonly #donated: ReadonlySet<string>;
  readonly #plan: Plan;
  readonly #constants = new Map<Step, Value>();
  readonly #lifetime: Lifetime;

  constructor(
    { engine, store, lifetime }: Shared,
    source: Graph,
    graph: Graph,
    label: string,
    donated: ReadonlySet<string>,
  ) {
    this.graph = graph;
    this.#store = store;
    this.#engine = engine;
    this.#source = source;
    this.#label = label;
    this.#donated = donated;
    this.#plan = planSteps(graph, engine.name);
    const none = new Values();
    for (const step of this.#plan.constants) this.#constants.set(step, computeStep(engine, step, none));
    this.#lifetime = new Lifetime(label, () => this.#giveBack(), lifetime);
  }

  run(given: Parameters<Executable['run']>[0]): Promise<ReadonlyMap<string, TfjsTensor>> {
    return this.#lifetime.during(() => {
      const inputs = checkInputs(this.#source, given, this.#store.isOwn, this.#label);
      return naming(this.#label, () => this.#execute(inputs));
    });
  }

  async #execute(inputs: ReadonlyMap<string, TfjsTensor>): Promise<Map<string, TfjsTensor>> {
    this.#engine.activate();
    const { values, late } = this.#bind(inputs);
    try {
      await runSteps(this.#engine, this.#plan.steps, values);
      return this.#collect(values);
    } finally {
      values.freeAll();
      for (const value of late) value.dispose();
    }
  }

  /** The values that a run starts from. Handles of donated inputs are dead from now on. */
  #bind(inputs: ReadonlyMap<string, TfjsTensor>): { values: Values; late: readonly Value[] } {
    const values = new Values();
    for (const [{ node }, value] of this.#constants) values.lend(node.id, value);
    const uses = Map.groupBy(inputs.values(), (tensor) => tensor);
    const late: Value[] = []; // donated, but not to be freed with a last reader
    for (const [name, tensor] of inputs) {
      if (!tensor.isAlive) continue; // a second name of a donated tensor: bound with the first
      const id = this.graph.inputs.get(name)?.id;
      if (id !== undefined && uses.get(tensor)!.length === 1 && this.#donated.has(name)) {
        values.own(id, this.#store.surrender(tensor));
        continue;
      }
      const value = tensor.content();
      const names = [...inputs].flatMap(([other, same]) => (same === tensor ? [other] : []));
      for (const other of names) {
        const node = this.graph.inputs.get(other);
        if (node !== undefined) values.lend(node.id, value);
      }
      if (names.some((other) => this.#donated.has(other))) late.push(this.#store.surrender(tensor));
    }
    return { values, late };
  }

  #collect(values: Values): Map<string, TfjsTensor> {
    return new Map(
      [...this.graph.outputs].map(([name, { id, dtype, shape }]) => {
        const value = runKernels(this.#engine, `output ${name}`, () => {
          const loose = values.get(id);
          const whole = expand(this.#engine, loose, shape);
          return whole === loose ? loose.clone() : whole; // handles of their own: values may have several names
        });
        return [name, this.#store.adopt({ dtype, shape }, value)];
      }),
    );
  }

  dispose(): Promise<void> {
    return this.#lifetime.end();
  }

  #giveBack(): void {
    for (const value of this.#constants.values()) value.dispose();
    this.#constants.clear();
  }
}
