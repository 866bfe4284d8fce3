import type { HostArray } from '@tether/core';
import type { TensorType } from '@tether/graph';
import type { Handle } from '../native/api.ts';

/** Memory of a tensor and the runtime's object over it. */
export interface Storage {
  readonly handle: Handle;
  /** The memory itself, where JavaScript can reach it. */
  readonly buffer?: ArrayBuffer;
}

/** Where tensors live between runs. */
export interface TensorMemory {
  /** Whether an operator may write its result where it reads an operand. */
  readonly allowsInPlace: boolean;
  /** Arbitrary contents. */
  allocate(type: TensorType): Storage;
  /** `data` has the type's size and one of its host arrays. */
  write(storage: Storage, type: TensorType, data: HostArray): Promise<void>;
  /** A copy of the elements. */
  read(storage: Storage, type: TensorType): Promise<HostArray>;
  free(storage: Storage): void;
  /** Told before every run. */
  countRun(): void;
  dispose(): Promise<void>;
}
