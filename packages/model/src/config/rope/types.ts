/** Rotary position embedding: the base of the frequencies and how they are stretched for longer contexts. */
export type RopeConfig =
  | { readonly type: 'default'; readonly theta: number }
  | { readonly type: 'linear'; readonly theta: number; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly theta: number;
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalMaxPositionEmbeddings: number;
    }
  | {
      readonly type: 'yarn';
      readonly theta: number;
      readonly factor: number;
      /** Multiplies cosines and sines, hence scores by its square. */
      readonly attentionFactor: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly originalMaxPositionEmbeddings: number;
      /** Whether the blended range of dimensions starts and ends at whole dimensions. */
      readonly truncate: boolean;
    }
  | {
      readonly type: 'longrope';
      readonly theta: number;
      /** Divisors of the frequencies, one for each pair of dimensions: of rows within the original context, and of longer ones. */
      readonly shortFactor: readonly number[];
      readonly longFactor: readonly number[];
      readonly attentionFactor: number;
      readonly originalMaxPositionEmbeddings: number;
    };

export type RopeType = RopeConfig['type'];
export type RopeOf<T extends RopeType> = Extract<RopeConfig, { type: T }>;
