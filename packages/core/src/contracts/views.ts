import type { DivergenceKind, Tensor } from '@tether/graph';
import type { Head } from './model.ts';

/** Log-probabilities that one model gives to the completions. */
export interface SequenceLogps {
  readonly tokens: Tensor; // [B, S, C], 0 where masked
  readonly sums: Tensor; // [B, S], Σ over the completion's tokens
}

/** What one model (policy or reference) made of a batch. Every field of the reference is without gradient. */
export interface ModelViews {
  readonly logps: SequenceLogps;
  /** Hidden states that predict the completion's tokens, [B, S, C, H]. */
  readonly predictorStates: Tensor;
  /** Hidden states over prompt + completion, each side as if a row of its own, [B, S, L, H]. */
  readonly latents: Tensor;
  /**
   * The same as one layer puts them out, before the final norm: layer 0, 1, … or −1 for the last, −2, …
   *
   * @throws Error where there is no such layer, or a precomputed reference kept only the last one's
   */
  layerLatents(layer: number): Tensor;
  readonly head: Head;
}

/**
 * What both models say of completions under the prompts of other rows, without gradient: row i's prompt with the
 * completions of the real row before it in the batch, in a circle. Two further forward passes.
 */
export interface MismatchedViews {
  /** log-probabilities, sums over tokens. */
  readonly policy: Tensor; // [B, S]
  readonly reference: Tensor; // [B, S]
  /** Tokens of those completions. */
  readonly lengths: Tensor; // [B, S], f32
}

/**
 * A batch as objectives and regularizers see it. B rows, S sides (0 chosen, 1 rejected), C completion positions,
 * L positions of prompt + completion, H hidden size.
 *
 * Means go through `meanOverRows` and `meanOverTokens`: they divide by the counts of the whole optimizer batch, so that
 * a batch split for gradient accumulation (or over devices) gives the same sum, and filler rows count nothing.
 */
export interface BatchViews {
  readonly sides: 1 | 2;
  readonly policy: ModelViews;
  /** Present when a plugin of the run needs it; `reference` of `requireReference(views)` otherwise throws. */
  readonly reference: ModelViews | undefined;
  /** Present when a plugin of the run needs it; `requireMismatched(views)` otherwise throws. */
  readonly mismatched?: MismatchedViews | undefined;
  /**
   * Divergence of the policy's next-token distribution from the reference's at each completion position, over the whole
   * vocabulary: [B, S, C], in nats. Computed in the pass over the vocabulary that gives the log-probabilities.
   *
   * @throws Error where the plugin did not declare that it needs it
   */
  divergence(kind: DivergenceKind): Tensor;
  readonly completionMask: Tensor; // [B, S, C], f32
  readonly completionLengths: Tensor; // [B, S], f32
  /** Which completions there are: 1, or 0 for the side that an unpaired row lacks. Filler rows count as what they copy. */
  readonly present: Tensor; // [B, S], f32
  readonly latentMask: Tensor; // [B, S, L], f32
  readonly rowWeight: Tensor; // [B], f32: 0 for filler rows
  /** Mean of x [B] over the real rows of the optimizer batch → scalar. */
  meanOverRows(x: Tensor): Tensor;
  /** Mean of x [B, S, C] over the real completion tokens of the optimizer batch → scalar. */
  meanOverTokens(x: Tensor): Tensor;
  /** The same over the tokens of one side: x [B, C] → scalar. */
  meanOverSideTokens(x: Tensor, side: 0 | 1): Tensor;
  /** Mean of x [B, S] over the real completions of the optimizer batch → scalar: of pairs both, of unpaired rows the one. */
  meanOverCompletions(x: Tensor): Tensor;
  /** Mean of x [B] over the rows that have the side → scalar; 0 where the optimizer batch has none. */
  meanOverSide(x: Tensor, side: 0 | 1): Tensor;
  /** Mean of x [B] over the rows that have both sides → scalar; 0 where the optimizer batch has none. */
  meanOverPairs(x: Tensor): Tensor;
}

/** Scalars to log. */
export type Metrics = Readonly<Record<string, Tensor>>;

/**
 * What the optimizer batch must have for a metric to mean something: rows with the side, some with each side (perhaps
 * different rows), or rows with both.
 */
export type Presence = 'chosen' | 'rejected' | 'bothSides' | 'pairs';

/** Metrics that are left out where there is nothing that they are about, rather than logged as 0. */
export type PartialMetrics = Readonly<Partial<Record<Presence, Metrics>>>;

export interface LossResult {
  readonly loss: Tensor; // scalar f32
  /** Means by the batch's own counts: summed over accumulated batches. */
  readonly metrics?: Metrics;
  /** The same, of what unpaired data may lack. */
  readonly partialMetrics?: PartialMetrics;
  /** Readings such as running means: the last batch's value counts. */
  readonly gauges?: Metrics;
}
