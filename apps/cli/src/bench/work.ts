import type { EngineChoice } from '../backends/engines.ts';
import type { ShapeName } from './shapes.ts';

/** Sizes of a batch: every pair has a prompt and two completions of these lengths, in tokens. */
export interface BatchSize {
  readonly pairs: number;
  readonly prompt: number;
  readonly completion: number;
}

/** DPO steps, optimizer included. */
export interface StepWork extends BatchSize {
  readonly kind: 'step';
  readonly shape: ShapeName;
  readonly engine: Pick<EngineChoice, 'backend' | 'options'>;
  /** Regularizers by name, with their defaults. */
  readonly regularizers: readonly string[];
  readonly precompute: boolean;
  readonly rematerialize: boolean;
  /** Folder for the engine's traces; measuring every operation slows the steps down. */
  readonly profile?: string;
  /** Rank of adapters; 0 trains every weight. */
  readonly lora: number;
  readonly steps: number;
}

/** Sampling: one measured "step" continues `pairs` prompts of `prompt` tokens by `completion` tokens. */
export interface GenerationWork extends BatchSize {
  readonly kind: 'generation';
  readonly shape: ShapeName;
  readonly engine: Pick<EngineChoice, 'backend' | 'options'>;
  readonly steps: number;
}

/** The same by another program, in a Python environment. */
export interface PeerWork extends BatchSize {
  readonly kind: 'peer';
  readonly script: 'trl_dpo' | 'transformers_generate';
  readonly shape: ShapeName;
  readonly lora: number;
  readonly steps: number;
}

export type Work = StepWork | GenerationWork | PeerWork;

/** What one process measured. */
export interface Measurement {
  /** What really ran, with versions. */
  readonly description: string;
  /** Every step, the first ones too. */
  readonly stepSeconds: readonly number[];
  /** From weights made to the end of the first step: compiling included. Peers do not tell: they begin otherwise. */
  readonly firstStepSeconds?: number;
  readonly peakMemoryBytes: number;
  /** What `tether plan` says that the peak is, where it can tell for the engine. */
  readonly plannedMemoryBytes?: number;
  /** Of the first step. */
  readonly loss?: number;
}
