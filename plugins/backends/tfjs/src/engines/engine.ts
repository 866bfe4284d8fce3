import type { Shape } from '@tether/graph';
import type * as tfjs from '@tensorflow/tfjs-core';
import type { EngineName } from '../config.ts';

export type Tfjs = typeof tfjs;
/** A tensor of TensorFlow.js: immutable, freed by `dispose`. */
export type Value = tfjs.Tensor;

export type ElementType = 'float32' | 'int32' | 'bool';
export type Elements = Float32Array | Int32Array | Uint8Array;

/** Operands of a kernel by its names for them, or in order. */
export type Operands = Readonly<Record<string, Value>> | readonly Value[];

/** A kernel of TensorFlow.js. */
export type Kernel = (name: string, operands: Operands, attributes?: object) => Value;

/** An operation of TensorFlow by its own name, for those that no TensorFlow.js kernel reaches. */
export type NativeOperation = (name: string, inputs: readonly Value[], attributes: readonly NativeAttribute[]) => Value;

export interface NativeAttribute {
  readonly name: string;
  readonly value: boolean | ElementType;
}

/** One of the engines, loaded and working. */
export interface Engine {
  readonly name: EngineName;
  /** Versions and devices, for run records. */
  readonly description: string;
  readonly tf: Tfjs;
  readonly kernel: Kernel;
  /** A tensor of these elements, which the caller may change afterwards. */
  upload(data: Elements, shape: Shape, dtype: ElementType): Value;
  /** The elements, for the caller to keep and change. */
  download(value: Value): Elements;
  /** TensorFlow's own operations, where the engine is TensorFlow. */
  readonly native?: NativeOperation;
  /** Makes this the engine that kernels run on: TensorFlow.js knows one at a time per process. */
  activate(): void;
}

/** An engine that is not to be had: what is missing and how to get it. */
export class EngineUnavailable extends Error {
  override readonly name = 'EngineUnavailable';
}

/** The kernels of the current engine. Their typed wrappers broadcast, cast and record for gradients, which costs time. */
export const kernelsOf =
  (tf: Tfjs): Kernel =>
  (name, operands, attributes) =>
    // What a kernel takes is for its name to say; `Concat` and its like take their operands as a list.
    tf.engine().runKernel(name, operands as tfjs.NamedTensorMap, attributes as Parameters<Run>[2]);

type Run = ReturnType<Tfjs['engine']>['runKernel'];
