import {
  BackendError,
  checkDonations,
  checkInputs,
  Lifetime,
  naming,
  type CompileOptions,
  type Executable,
} from '@tether/core';
import { optimize, typeOf, type Graph } from '@tether/graph';
import { emitProgram, type Program } from './emit.ts';
import type { Compute } from './lower/index.ts';
import type { CompilerFlags } from './flags.ts';
import { compileOptions, type XlaFlags } from './options.ts';
import type { PjrtClient } from './pjrt/client.ts';
import type { Pointer } from './pjrt/memory.ts';
import type { LoadedProgram, ProgramMemory } from './pjrt/program.ts';
import type { ProgramCache } from './programCache.ts';
import { checkRows, placementOf, type Partition } from './sharding.ts';
import { onDevices, type OnDevices, type TensorStore, type XlaTensor } from './tensor.ts';
import type { Turns } from './turns.ts';

/** What the executables of one backend share. */
export interface Engine {
  readonly client: PjrtClient;
  readonly store: TensorStore;
  readonly partition: Partition;
  readonly compute: Compute;
  readonly flags: CompilerFlags;
  readonly cache: ProgramCache | undefined;
  /** For runs over several devices; shared by all backends on the client. */
  readonly turns: Turns;
  /** Of the backend. */
  readonly lifetime: Lifetime;
}

export interface XlaExecutable extends Executable {
  /** Bytes that the program takes on each device, where the plugin tells. */
  memory(): ProgramMemory | undefined;
}

/** @throws BackendError with XLA's message when it cannot compile the graph */
export async function compileGraph(
  engine: Engine,
  source: Graph,
  options: CompileOptions = {},
): Promise<XlaExecutable> {
  const { label = 'graph', inPlace = new Map<string, string>() } = options;
  checkDonations(source, inPlace, label);
  checkRows(source, engine.partition, label);
  const graph = optimize(source);
  const program = emitProgram(graph, { compute: engine.compute, partition: engine.partition, inPlace });
  const loaded = await naming(label, () => engine.flags.settle((flags) => load(engine, program.text, flags)));
  return new CompiledGraph(engine, source, graph, program, loaded, label, new Set(inPlace.values()));
}

function load({ client, partition, cache }: Engine, text: string, flags: XlaFlags): Promise<LoadedProgram> {
  const options = compileOptions(partition.devices, flags);
  const compile = (): Promise<LoadedProgram> => client.compile(text, options);
  return cache === undefined ? compile() : cache.load(text, options, compile);
}

class CompiledGraph implements XlaExecutable {
  readonly graph: Graph;
  readonly #engine: Engine;
  /** Before the passes, which may have dropped inputs that nothing depends on. */
  readonly #source: Graph;
  readonly #program: Program;
  readonly #loaded: LoadedProgram;
  readonly #label: string;
  /** Inputs that the caller gives up. */
  readonly #given: ReadonlySet<string>;
  readonly #lifetime: Lifetime;

  constructor(
    engine: Engine,
    source: Graph,
    graph: Graph,
    program: Program,
    loaded: LoadedProgram,
    label: string,
    given: ReadonlySet<string>,
  ) {
    this.#engine = engine;
    this.#source = source;
    this.graph = graph;
    this.#program = program;
    this.#loaded = loaded;
    this.#label = label;
    this.#given = given;
    this.#lifetime = new Lifetime(label, () => loaded.destroy(), engine.lifetime);
  }

  run(given: Parameters<Executable['run']>[0]): Promise<ReadonlyMap<string, XlaTensor>> {
    return this.#lifetime.during(() => this.#run(given));
  }

  async #run(given: Parameters<Executable['run']>[0]): Promise<ReadonlyMap<string, XlaTensor>> {
    const inputs = checkInputs(this.#source, given, this.#engine.store.isOwn, this.#label);
    try {
      return await naming(this.#label, () => this.#execute(inputs));
    } finally {
      for (const name of this.#given) if (inputs.get(name)!.isAlive) this.#engine.store.release(inputs.get(name)!);
    }
  }

  memory(): ProgramMemory | undefined {
    return this.#lifetime.isOver ? undefined : this.#loaded.memory();
  }

  /** Waits for runs that are under way. */
  dispose(): Promise<void> {
    return this.#lifetime.end();
  }

  async #execute(inputs: ReadonlyMap<string, XlaTensor>): Promise<Map<string, XlaTensor>> {
    const { store } = this.#engine;
    const { bounds } = this.#program;
    const results = this.graph.outputs.size;
    const buffers = await this.#executeOn(inputs, results + (bounds.length > 0 ? 1 : 0));
    const outputs = this.#adopt(buffers);
    if (bounds.length === 0) return outputs;
    const extremes = buffers.map((list) => list[results]!);
    try {
      await this.#checkBounds(extremes[0]!);
    } catch (error) {
      for (const tensor of outputs.values()) store.release(tensor);
      throw error;
    } finally {
      for (const buffer of extremes) this.#engine.client.destroyBuffer(buffer);
    }
    return outputs;
  }

  /** Holds the inputs' buffers from the first to the end: others may move or release the tensors meanwhile. */
  async #executeOn(inputs: ReadonlyMap<string, XlaTensor>, results: number): Promise<Pointer[][]> {
    const { store, partition, turns } = this.#engine;
    const held: OnDevices[] = [];
    try {
      for (const name of this.graph.inputs.keys()) {
        const tensor = inputs.get(name)!; // all were checked
        held.push(await store.borrow(tensor, placementOf(name, tensor, partition)));
      }
      const lists = Array.from({ length: partition.devices }, (_, at) => held.map(({ buffers }) => buffers[at]!));
      const execute = (): Promise<Pointer[][]> => this.#loaded.execute(lists, results, this.#shared(inputs));
      return await (partition.devices === 1 ? execute() : turns.take(execute));
    } finally {
      for (const content of held) store.letGo(content);
    }
  }

  /** Arguments that are the same tensor as another one: their memory must not be taken while that is read. */
  #shared(inputs: ReadonlyMap<string, XlaTensor>): number[] {
    const tensors = [...this.graph.inputs.keys()].map((name) => inputs.get(name)!);
    const uses = Map.groupBy(tensors.keys(), (index) => tensors[index]!);
    return [...uses.values()].filter((indices) => indices.length > 1).flat();
  }

  #adopt(buffers: readonly (readonly Pointer[])[]): Map<string, XlaTensor> {
    const { store, partition } = this.#engine;
    return new Map(
      [...this.graph.outputs].map(([name, tensor], index) => {
        const type = typeOf(tensor);
        const parts = buffers.map((list) => list[index]!);
        return [name, store.adopt(type, onDevices(placementOf(name, type, partition), parts))];
      }),
    );
  }

  /** @throws BackendError for indices outside their table */
  async #checkBounds(buffer: Pointer): Promise<void> {
    const { bounds } = this.#program;
    const extremes = await this.#engine.store.readIntegers(buffer, 2 * bounds.length);
    const problems = bounds.flatMap(({ reader, size }, at) => {
      const outside = [extremes[2 * at]!, extremes[2 * at + 1]!].filter((index) => index < 0 || index >= size);
      return outside.length === 0 ? [] : [`${reader}: index ${outside.join(' and ')} is outside 0…${size - 1}`];
    });
    if (problems.length > 0) throw new BackendError(problems.join('; '));
  }
}
