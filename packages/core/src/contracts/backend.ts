import type { Graph, Shape, TensorType } from '@tether/graph';

/** Raw elements: f32 as Float32Array (Float64Array from the reference backend), i32 as Int32Array, bool as Uint8Array of 0 and 1, bf16 and f16 as the Uint16Array of their bits. */
export type HostArray = Float32Array | Float64Array | Int32Array | Uint8Array | Uint16Array;

export interface HostTensor extends TensorType {
  readonly data: HostArray;
}

/** A tensor in a backend's memory. Opaque: only the backend that made it can read it. */
export interface DeviceTensor extends TensorType {
  readonly backend: string;
}

export interface CompileOptions {
  /** For messages, profiles and file names, for example `step 4×256`. */
  readonly label?: string;
  /**
   * Output name → input name: the output may be written into the memory of that input, which the caller gives up with
   * the call: its handle is dead once the run has begun, also where it fails (not where `run` refuses its inputs). Both
   * have the same type. The backend must give the same numbers whether or not it makes use of it.
   */
  readonly inPlace?: ReadonlyMap<string, string>;
}

export interface Executable {
  /** The graph as the backend runs it, after its passes. */
  readonly graph: Graph;
  /** Where the engine runs what, in a line for run records, where it spreads a graph over several devices. */
  readonly placement?: string | undefined;
  /**
   * Runs once. `inputs` has exactly the graph's inputs; the result has its outputs, owned by the caller.
   *
   * @throws BackendError naming every missing, extra, mistyped, dead or foreign input, before anything is given up; or
   * with the engine's message, after which donated inputs are dead
   */
  run(inputs: ReadonlyMap<string, DeviceTensor>): Promise<ReadonlyMap<string, DeviceTensor>>;
  /** Waits for runs that are under way. Outputs stay alive; a later `run` is refused, a later `dispose` does nothing. */
  dispose(): Promise<void>;
}

export interface Backend {
  /** The plugin's name, for example `onnxruntime`. */
  readonly name: string;
  /** What really runs, with versions and devices, for run records: `onnxruntime-node 1.30.0, cpu, 2 threads`. */
  readonly description: string;
  /** @throws BackendError for an operation that it has not, a donation that does not fit, or with the engine's message */
  compile(graph: Graph, options?: CompileOptions): Promise<Executable>;
  /**
   * Copies host data, or adopts it: then it is only ever read, since the caller may upload the same array again.
   * Float64Array data is accepted for f32.
   *
   * @throws BackendError where the elements do not fit the type, or memory runs out
   */
  upload(tensor: HostTensor): Promise<DeviceTensor>;
  /**
   * The elements, which the caller may write to.
   *
   * @throws BackendError for a handle that is dead or another backend's
   */
  download(tensor: DeviceTensor): Promise<HostTensor>;
  /**
   * Gives memory back. A handle is dead afterwards.
   *
   * @throws BackendError for a handle that is dead already or another backend's
   */
  release(tensor: DeviceTensor): void;
  /**
   * Waits for what is under way, then gives everything back, tensors and executables too. Whatever comes later is
   * refused; a later `dispose`, also of an executable, does nothing.
   */
  dispose(): Promise<void>;
}

/** A failure of an engine, with its own message and what was being run. */
export class BackendError extends Error {
  override readonly name = 'BackendError';
}

/** What an error says. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Does something and gives its failure the name of the graph, or whatever else it was done for, as a BackendError. */
export async function naming<T>(label: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new BackendError(`${label}: ${messageOf(error)}`, { cause: error });
  }
}

/** Whether a plugin's engine can be used on this machine; `reason` tells what is missing and how to get it. */
export type Availability = { readonly available: true } | { readonly available: false; readonly reason: string };

/** Elements with their type; `data` is kept, not copied. Whether they fit is checked where they are uploaded. */
export const hostTensor = (dtype: TensorType['dtype'], shape: Shape, data: HostArray): HostTensor => ({
  dtype,
  shape,
  data,
});
