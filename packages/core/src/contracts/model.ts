import type { Tensor } from '@tether/graph';
import type { HostArray } from './backend.ts';

/** Named tensors: parameters by their checkpoint names. */
export type Parameters = Readonly<Record<string, Tensor>>;

export interface ParameterSpec {
  /** As in the checkpoint, for example `model.layers.0.self_attn.q_proj.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  /** Whether AdamW's weight decay applies (matrices yes; norms and biases no, as in TRL). */
  readonly decays: boolean;
}

/** What the model reads of a batch; see `HostBatch` for the meaning and the attention rule. */
export interface RowTensors {
  readonly tokens: Tensor; // i32 [B, T]
  readonly segments: Tensor; // i32 [B, T]
  readonly positions: Tensor; // i32 [B, T]
  readonly keyMask: Tensor; // i32 [B, T]
}

/** Rows to read, in training or not. */
export interface ModelInputs extends RowTensors {
  /** i32 [], given in training steps: what a model drops at random it drops by it. Without it, nothing is dropped. */
  readonly seed?: Tensor;
  /** Told the states [B, T, H] that each layer (0, 1, …) puts out, before any final norm. */
  readonly observe?: (layer: number, states: Tensor) => void;
}

/** The projection from hidden states to the vocabulary. */
export interface Head {
  readonly vocabularySize: number; // V
  /** Logits of tokens start … limit−1 for states [N, H] → [N, limit − start]. */
  logits(states: Tensor, start: number, limit: number): Tensor;
  /** Logits of i32 labels [N] for states [N, H] → [N]. */
  labelLogits(states: Tensor, labels: Tensor): Tensor;
  /** log p(label) for states [N, H] and labels i32 [N] → [N], without logits [N, V] ever existing. */
  logps(states: Tensor, labels: Tensor): Tensor;
}

/** A language model as pure functions over symbolic tensors. */
export interface LanguageModel {
  readonly hiddenSize: number; // H
  readonly vocabularySize: number; // V
  readonly parameters: readonly ParameterSpec[];
  /** Hidden states after the final norm, [B, T, H]. */
  hiddenStates(parameters: Parameters, rows: ModelInputs): Tensor;
  head(parameters: Parameters): Head;
  /** The parameters of the reference: the same by default; for adapters, the base without them. */
  readonly referenceParameters: readonly ParameterSpec[];
}

/** Initial values of every parameter, by name. */
export type Weights = ReadonlyMap<string, HostArray>;
