import { availableParallelism } from 'node:os';

/** ONNX Runtime's own graph optimizations. */
export const OPTIMIZATION_LEVEL = { disabled: 0, basic: 1, extended: 2, all: 99 } as const;

export interface SessionSettings {
  readonly threads: number;
  readonly optimization: keyof typeof OPTIMIZATION_LEVEL;
  /** Plan the places of all intermediate results in one block. */
  readonly memoryPattern: boolean;
  /** Keep freed memory for the next results. */
  readonly arena: boolean;
  /** Further entries of the session's configuration, by their ONNX Runtime names. */
  readonly entries: Readonly<Record<string, string>>;
  /** Writes a profile of every node into a file whose name starts so. */
  readonly profilePrefix?: string;
}

export const defaultSettings = (threads: number): SessionSettings => ({
  threads: threads === 0 ? availableParallelism() : threads,
  optimization: 'disabled',
  memoryPattern: false,
  arena: true,
  entries: {},
});
