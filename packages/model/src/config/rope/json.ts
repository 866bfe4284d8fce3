import type { RopeConfig, RopeOf, RopeType } from './types.ts';

const WRITERS: { readonly [T in RopeType]: (rope: RopeOf<T>) => Record<string, unknown> | null } = {
  default: () => null,
  linear: ({ factor }) => ({ rope_type: 'linear', factor }),
  llama3: (rope) => ({
    rope_type: 'llama3',
    factor: rope.factor,
    low_freq_factor: rope.lowFreqFactor,
    high_freq_factor: rope.highFreqFactor,
    original_max_position_embeddings: rope.originalMaxPositionEmbeddings,
  }),
  yarn: (rope) => ({
    rope_type: 'yarn',
    factor: rope.factor,
    attention_factor: rope.attentionFactor,
    beta_fast: rope.betaFast,
    beta_slow: rope.betaSlow,
    original_max_position_embeddings: rope.originalMaxPositionEmbeddings,
    truncate: rope.truncate,
  }),
  longrope: (rope) => ({
    rope_type: 'longrope',
    short_factor: rope.shortFactor,
    long_factor: rope.longFactor,
    attention_factor: rope.attentionFactor,
    original_max_position_embeddings: rope.originalMaxPositionEmbeddings,
  }),
};

/** The `rope_scaling` of a config.json, null for the default. */
export function ropeScalingJson(rope: RopeConfig): Record<string, unknown> | null {
  const write = WRITERS[rope.type] as (rope: RopeConfig) => Record<string, unknown> | null; // the one of this very type
  return write(rope);
}

/** `rope_theta` and `rope_scaling` as transformers 4 writes them; transformers 5 reads them too. */
export const ropeJson = (rope: RopeConfig): Record<string, unknown> => ({
  rope_theta: rope.theta,
  rope_scaling: ropeScalingJson(rope),
});
