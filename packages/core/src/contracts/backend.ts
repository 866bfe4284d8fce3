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
   * the call (its handle is dead afterwards). Both have the same type. The backend must give the same numbers
   * whether or not it makes use of it.
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
   * @throws BackendError naming a missing, extra or mistyped input
   */
  run(inputs: ReadonlyMap<string, DeviceTensor>): Promise<ReadonlyMap<string, DeviceTensor>>;
  dispose(): Promise<void>;
}

export interface Backend {
  /** The plugin's name, for example `onnxruntime`. */
  readonly name: string;
  /** What really runs, with versions and devices, for run records: `onnxruntime-node 1.30.0, cpu, 2 threads`. */
  readonly description: string;
  compile(graph: Graph, options?: CompileOptions): Promise<Executable>;
  /**
   * Copies host data, or adopts it: then it is only ever read, since the caller may upload the same array again.
   * Float64Array data is accepted for f32.
   */
  upload(tensor: HostTensor): Promise<DeviceTensor>;
  download(tensor: DeviceTensor): Promise<HostTensor>;
  /** Gives memory back. A handle is dead afterwards. */
  release(tensor: DeviceTensor): void;
  dispose(): Promise<void>;
}

/** A failure of an engine, with its own message and what was being run. */
export class BackendError extends Error {
  override readonly name = 'BackendError';
}

/** Whether a plugin's engine can be used on this machine; `reason` tells what is missing and how to get it. */
export type Availability = { readonly available: true } | { readonly available: false; readonly reason: string };

export const hostTensor = (dtype: TensorType['dtype'], shape: Shape, data: HostArray): HostTensor => ({
  dtype,
  shape,
  data,
});
