import { checkDonations, checkInputs, Lifetime, naming, type CompileOptions, type Executable } from '@tether/core';
import { optimize, typeOf, type Graph, type TensorType } from '@tether/graph';
import { safeDonations } from './donations.ts';
import { emitModel } from './emit.ts';
import { lowerings, OVERRIDES, type LoweringOverrides } from './lower/index.ts';
import type { TensorMemory } from './memory/memory.ts';
import type { Runtime } from './native/library.ts';
import { encodeModel } from './onnx/model.ts';
import { describePlacement, operatorsOnCpu } from './providers/placement.ts';
import { createSession, type Session } from './session.ts';
import type { SessionSettings } from './settings.ts';
import type { OrtTensor, TensorStore } from './tensor.ts';

/** What the executables of one backend share. */
export interface Engine {
  readonly runtime: Runtime;
  readonly settings: SessionSettings;
  readonly store: TensorStore;
  readonly memory: TensorMemory;
  /** Of the backend. */
  readonly lifetime: Lifetime;
}

/** @throws BackendError with the runtime's message when it cannot load the graph */
export async function compileGraph(engine: Engine, source: Graph, options: CompileOptions = {}): Promise<Executable> {
  const { label = 'graph', inPlace = new Map<string, string>() } = options;
  checkDonations(source, inPlace, label);
  const graph = optimize(source, Object.keys(lowerings));
  const overrides = engine.settings.providers.map((provider) => OVERRIDES[provider] ?? {});
  const model = emitModel(graph, Object.assign({}, ...overrides) as LoweringOverrides);
  const names = (values: readonly { readonly name: string }[]): string[] => values.map(({ name }) => name);
  const session = await naming(label, () =>
    createSession(
      engine.runtime,
      encodeModel(model),
      names(model.inputs),
      names(model.outputs),
      engine.settings,
      label,
    ),
  );
  const donations = engine.memory.allowsInPlace ? safeDonations(model, inPlace) : new Map<string, string>();
  const { providers } = engine.settings;
  const placement =
    providers.length === 0
      ? undefined
      : describePlacement(providers, model.nodes.length, operatorsOnCpu(engine.runtime.api, session.handle()));
  return new OrtExecutable(engine, session, source, graph, label, inPlace, donations, placement);
}

class OrtExecutable implements Executable {
  readonly graph: Graph;
  readonly placement: string | undefined;
  readonly #engine: Engine;
  readonly #session: Session;
  /** Before the passes, which may have dropped inputs that nothing depends on. */
  readonly #source: Graph;
  readonly #outputTypes: ReadonlyMap<string, TensorType>;
  readonly #label: string;
  readonly #given: ReadonlyMap<string, string>;
  readonly #donations: ReadonlyMap<string, string>;
  readonly #lifetime: Lifetime;

  constructor(
    engine: Engine,
    session: Session,
    source: Graph,
    graph: Graph,
    label: string,
    given: ReadonlyMap<string, string>,
    donations: ReadonlyMap<string, string>,
    placement: string | undefined,
  ) {
    this.#engine = engine;
    this.#session = session;
    this.placement = placement;
    this.#source = source;
    this.graph = graph;
    this.#outputTypes = new Map([...graph.outputs].map(([name, tensor]) => [name, typeOf(tensor)]));
    this.#label = label;
    this.#given = given;
    this.#donations = donations;
    this.#lifetime = new Lifetime(label, () => session.dispose(), engine.lifetime);
  }

  run(given: Parameters<Executable['run']>[0]): Promise<ReadonlyMap<string, OrtTensor>> {
    return this.#lifetime.during(() => this.#run(given));
  }

  async #run(given: Parameters<Executable['run']>[0]): Promise<ReadonlyMap<string, OrtTensor>> {
    const { store, memory } = this.#engine;
    const inputs = checkInputs(this.#source, given, store.isOwn, this.#label);
    const feeds = [...this.graph.inputs.keys()].map((name) => inputs.get(name)!.content().handle); // all were checked
    const outputs = new Map<string, OrtTensor>();
    memory.countRun();
    try {
      await naming(this.#label, () => {
        this.#makeOutputs(inputs, outputs);
        return this.#session.run(
          feeds,
          [...outputs.values()].map((tensor) => tensor.content().handle),
        );
      });
    } catch (error) {
      for (const tensor of outputs.values()) store.release(tensor);
      throw error;
    } finally {
      // Given inputs that could not be written to are given up all the same.
      for (const name of this.#given.values()) if (inputs.get(name)!.isAlive) store.release(inputs.get(name)!);
    }
    return outputs;
  }

  /** Adds a tensor for every output, over an input's memory where that is safe. */
  #makeOutputs(inputs: ReadonlyMap<string, OrtTensor>, outputs: Map<string, OrtTensor>): void {
    const uses = Map.groupBy(inputs.values(), (tensor) => tensor);
    const makeOutput = (name: string, type: TensorType): OrtTensor => {
      const donor = inputs.get(this.#donations.get(name) ?? '');
      // The same tensor under two names is read where nobody looked for readers.
      if (donor === undefined || uses.get(donor)!.length > 1) return this.#engine.store.allocate(type);
      return this.#engine.store.takeOver(donor);
    };
    for (const [name, type] of this.#outputTypes) outputs.set(name, makeOutput(name, type));
  }

  /** Waits for runs that are under way. */
  dispose(): Promise<void> {
    return this.#lifetime.end();
  }
}
