/** Models of a benchmark: the contents of their config.json. Weights are random: timings do not depend on them. */
export const SHAPES = {
  /** For a check that the benchmark itself works. */
  tiny: {
    model_type: 'llama',
    hidden_size: 64,
    intermediate_size: 128,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: 1024,
    max_position_embeddings: 8192,
    tie_word_embeddings: true,
  },
  /** 15 M parameters, half of them in the embedding. */
  tiny15: {
    model_type: 'llama',
    hidden_size: 288,
    intermediate_size: 768,
    num_hidden_layers: 6,
    num_attention_heads: 6,
    num_key_value_heads: 6,
    vocab_size: 32000,
    max_position_embeddings: 8192,
    tie_word_embeddings: true,
  },
  /** 135 M parameters: the shape of SmolLM2-135M. */
  smol135: {
    model_type: 'llama',
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    vocab_size: 49152,
    max_position_embeddings: 8192,
    tie_word_embeddings: true,
  },
} as const;
export type ShapeName = keyof typeof SHAPES;
