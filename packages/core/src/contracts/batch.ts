/**
 * The batch that the training step sees: every array has a static shape given by its bucket.
 *
 * Letters: B rows, T row length, S sides (2 for preference pairs: chosen then rejected; 1 for plain completions),
 * C the longest completion of the bucket, L the longest prompt + completion of the bucket.
 *
 * Where S is 2, a row may lack one side (unpaired data): that side's segment is empty and its masks are 0.
 */

/** Static sizes of a batch. Batches of one bucket share one compiled step. */
export interface BatchShape {
  readonly rows: number; // B
  readonly rowLength: number; // T
  readonly sides: 1 | 2; // S
  readonly completionLength: number; // C
  readonly viewLength: number; // L
  /** Most tokens of any prompt + completion in the run, for rows that are put together anew; L when absent. */
  readonly mostTokens?: number;
}

/** Which part of a row a token belongs to. */
export const SEGMENT = { padding: 0, prompt: 1, chosen: 2, rejected: 3 } as const;

/**
 * One batch of prompt-once rows `prompt | chosen | rejected`.
 *
 * Query i sees key j when j ≤ i, `keyMask[j]` is 1, and segment j is the prompt or equals segment i.
 */
export interface HostBatch {
  readonly shape: BatchShape;
  readonly tokens: Int32Array; // [B, T]
  readonly segments: Int32Array; // [B, T], values of SEGMENT
  readonly positions: Int32Array; // [B, T], rejected restarts after the prompt
  readonly keyMask: Int32Array; // [B, T], 1 where the token may be attended to
  /** Flat index b·T + t of the position whose hidden state predicts the label; 0 where masked. */
  readonly predictors: Int32Array; // [B, S, C]
  readonly labels: Int32Array; // [B, S, C], the completion's tokens; 0 where masked
  readonly completionMask: Float32Array; // [B, S, C], 1 at real completion tokens
  /** Flat index of each position of `prompt + side`, as if the side were a row of its own; 0 where masked. */
  readonly views: Int32Array; // [B, S, L]
  readonly viewMask: Float32Array; // [B, S, L], 1 at real tokens of the view
  /** 1 for a real row, 0 for a row that only fills up the last batch. */
  readonly rowWeight: Float32Array; // [B]
  /** The number of each row in its source, for messages; -1 for filler rows. */
  readonly rowNumbers: readonly number[]; // [B]
}

/** Token ids of one example after templates and tokenization. */
export interface EncodedRow {
  readonly rowNumber: number; // 1-based, in the source file
  readonly prompt: Int32Array;
  /**
   * One completion (S = 1) or chosen and rejected (S = 2), each with its end token. Of an unpaired row (one completion
   * labelled good or bad) the other side has no tokens.
   */
  readonly completions: readonly Int32Array[];
}
