import type { RopeConfig } from '../rope/index.ts';

/** The `model_type`s of the Llama family. */
export type DecoderType = 'llama' | 'mistral' | 'qwen2' | 'qwen3' | 'gemma2' | 'gemma3_text' | 'phi3' | 'smollm3';

export type Activation = 'silu' | 'gelu_pytorch_tanh';

/** How one layer attends. */
export interface LayerConfig {
  /** Which position embedding turns its heads: `rope`, `localRope` or none. */
  readonly rope: 'global' | 'local' | 'none';
  /** A query sees this many positions up to its own; undefined: all. */
  readonly window: number | undefined;
}

/**
 * A decoder of the Llama family: RMSNorm, rotary positions, grouped-query attention, a gated feed-forward part. What its
 * architectures differ in is an option here, so that one forward pass serves all. Names follow Hugging Face's configs.
 */
export interface DecoderConfig {
  readonly modelType: DecoderType;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly numKeyValueHeads: number;
  readonly headDim: number;
  readonly maxPositionEmbeddings: number;

  readonly rmsNormEps: number;
  /** Added to the weights of norms: Gemma stores them around 0. */
  readonly normOffset: 0 | 1;
  /** Whether the outputs of attention and feed-forward part are normalized too, before they are added. */
  readonly outputNorms: boolean;
  /** Whether queries and keys are normalized in each head. */
  readonly queryKeyNorms: boolean;

  readonly layers: readonly LayerConfig[];
  readonly rope: RopeConfig;
  readonly localRope: RopeConfig | undefined;
  /** Leading dimensions of each head that are turned. */
  readonly rotaryDim: number;
  /** What queries are multiplied by, usually 1/√headDim. */
  readonly queryScale: number;
  /** Scores become cap·tanh(score/cap). */
  readonly attentionCap: number | undefined;
  /** Biases of the query, key and value projections. */
  readonly attentionBias: boolean;
  readonly outputBias: boolean;

  readonly hiddenAct: Activation;
  readonly mlpBias: boolean;
  /** Whether queries, keys and values, and gate and up, are one matrix each. */
  readonly fusedProjections: boolean;

  readonly embeddingScale: number;
  readonly tieWordEmbeddings: boolean;
  /** Logits become cap·tanh(logit/cap). */
  readonly logitCap: number | undefined;

  readonly initializerRange: number;
  readonly bosTokenId: number | undefined;
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number | undefined;
}
