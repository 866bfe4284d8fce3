import { BackendError, checkDonations, checkInputs, type CompileOptions, type Executable } from '@tether/core';
import { optimize, type Graph } from '@tether/graph';
import type { Engine, Value } from './engines/engine.ts';
import { expand, lowerings } from './lower/index.ts';
import { planSteps, type Plan, type Step } from './plan.ts';
import { computeStep, runSteps, Values } from './run.ts';
import { isOwn, layoutOf, type TensorStore, type TfjsTensor } from './tensor.ts';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** @throws BackendError naming an element type that TensorFlow.js lacks */
function checkTypes(graph: Graph, label: string): void {
  try {
    for (const { dtype } of [...graph.inputs.values(), ...graph.nodes]) layoutOf(dtype);
  } catch (error) {
    throw new BackendError(`${label}: ${messageOf(error)}`, { cause: error });
  }
}

/** @throws BackendError when donations do not fit or an element type is not to be had */
export function compileGraph(
  store: TensorStore,
  engine: Engine,
  source: Graph,
  { label = 'graph', inPlace = new Map<string, string>() }: CompileOptions = {},
): Executable {
  checkDonations(source, inPlace, label);
  const graph = optimize(source, Object.keys(lowerings));
  checkTypes(graph, label);
  engine.activate();
  return new TfjsExecutable(store, engine, source, graph, label, new Set(inPlace.values()));
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
  #isDisposed = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(
    store: TensorStore,
    engine: Engine,
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
  }

  async run(given: Parameters<Executable['run']>[0]): Promise<ReadonlyMap<string, TfjsTensor>> {
    if (this.#isDisposed) throw new BackendError(`${this.#label} was disposed of`);
    const inputs = checkInputs(this.#source, given, isOwn, this.#label);
    const run = this.#execute(inputs);
    this.#running = Promise.allSettled([this.#running, run]).then(() => undefined); // keeps no results
    return run;
  }

  async #execute(inputs: ReadonlyMap<string, TfjsTensor>): Promise<Map<string, TfjsTensor>> {
    this.#engine.activate();
    const { values, late } = this.#bind(inputs);
    try {
      await runSteps(this.#engine, this.#plan.steps, values);
      return this.#collect(values);
    } catch (error) {
      throw new BackendError(`${this.#label}: ${messageOf(error)}`, { cause: error });
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
    const { tf } = this.#engine;
    return new Map(
      [...this.graph.outputs].map(([name, { id, dtype, shape }]) => {
        const value = tf.tidy(() => {
          const loose = values.get(id);
          const whole = expand(this.#engine, loose, shape);
          return whole === loose ? loose.clone() : whole; // handles of their own: values may have several names
        });
        return [name, this.#store.adopt({ dtype, shape }, value)];
      }),
    );
  }

  /** Waits for runs that are under way. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    await this.#running;
    for (const value of this.#constants.values()) value.dispose();
    this.#constants.clear();
  }
}
