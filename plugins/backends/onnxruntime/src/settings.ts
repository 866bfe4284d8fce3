import { availableParallelism } from 'node:os';
import type { DeviceProvider } from './config.ts';

/** ONNX Runtime's own graph optimizations. */
export const OPTIMIZATION_LEVEL = { disabled: 0, basic: 1, extended: 2, all: 99 } as const;

/** How sessions are made. Users choose `threads`; the rest is what measured best (README). */
export interface SessionSettings {
  readonly threads: number;
  /** Providers that take operations before the CPU does, in order of preference. */
  readonly providers: readonly DeviceProvider[];
  /** Anything above `disabled` merges what `barrier` keeps apart. */
  readonly optimization: keyof typeof OPTIMIZATION_LEVEL;
  /** Plan the places of all intermediate results in one block, beside the arena of the first run. */
  readonly memoryPattern: boolean;
  /** Keep freed memory for the next results. */
  readonly arena: boolean;
  /** Further entries of the session's configuration, by their ONNX Runtime names. */
  readonly entries: Readonly<Record<string, string>>;
  /** Folder in which a session leaves a trace of every node when it is disposed of. */
  readonly profile?: string;
}

export const defaultSettings = (threads: number, providers: readonly DeviceProvider[]): SessionSettings => ({
  threads: threads === 0 ? availableParallelism() : threads,
  providers,
  optimization: 'disabled',
  memoryPattern: false,
  arena: true,
  entries: {
    'session.use_env_allocators': '1',
    'session.set_denormal_as_zero': '1', // on the threads that share an operation's work; see native/denormals.ts
    ...(providers.length > 0 && { 'session.record_ep_graph_assignment_info': '1' }),
  },
});
