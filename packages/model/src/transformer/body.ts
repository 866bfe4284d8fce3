import type { Tensor } from '@tether/graph';
import type { Parameters, ParameterSpec } from '@tether/core';

/** Drops elements of what an adapter reads; `module` tells its mask from those of other modules. */
export type InputDropout = (x: Tensor, module: string) => Tensor;

/** Tokens and where they stand. */
export interface Places {
  readonly tokens: Tensor; // i32 [B, T]
  readonly positions: Tensor; // i32 [B, T]
  /** Positions that each row has in all, i32 [B]; absent: those up to its last in `positions`. */
  readonly lengths?: Tensor;
  /** Random seed of a training step, i32 []; absent where nothing is dropped. */
  readonly seed?: Tensor | undefined;
  /** Told each layer's output [B·T, H], before any final norm. */
  readonly observe?: ((layer: number, states: Tensor) => void) | undefined;
  /** Of adapters in training, for each layer. */
  readonly dropout?: ((layer: number) => InputDropout) | undefined;
}

/** Turns queries [B, A, T, D] and new keys and values [B, KV, T, D] of a layer into outputs [B, A, T, D]. */
export type Attend = (layer: number, queries: Tensor, keys: Tensor, values: Tensor) => Tensor;

/** How a layer's scores are made, beyond queries and keys. */
export interface LayerAttention {
  /** A query sees this many positions up to its own; undefined: all. */
  readonly window?: number | undefined;
  /** Scores become cap·tanh(score/cap). */
  readonly cap?: number | undefined;
}

/** A decoder-only transformer without its attention over rows or caches: what is left to the architecture. */
export interface TransformerBody {
  readonly hiddenSize: number; // H
  readonly vocabularySize: number; // V
  readonly parameters: readonly ParameterSpec[];
  readonly layers: readonly LayerAttention[];
  readonly keyHeads: number; // KV
  readonly headDim: number; // D
  /** See `CachedModel`. */
  readonly rereadsBeyond?: number | undefined;
  /**
   * Hidden states after the final norm, [B·T, H].
   *
   * @param rematerialize compute each layer again in the backward pass instead of keeping its intermediate values
   */
  forward(parameters: Parameters, places: Places, attend: Attend, rematerialize: boolean): Tensor;
  /** Weight of the head [V, H], the embedding when tied. */
  headWeight(parameters: Parameters): Tensor;
  /** Logits become cap·tanh(logit/cap). */
  readonly logitCap?: number | undefined;
}
