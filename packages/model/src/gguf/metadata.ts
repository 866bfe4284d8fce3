import { ModelConfigError } from '../config/errors.ts';
import type { GgufFile } from './file.ts';
import { GGUF_ARCHITECTURES, ROPE_FACTORS, type GgufArchitecture, type Heads } from './architectures.ts';

/** A file's metadata of its model, by keys without the architecture's name before them. */
export interface ModelMetadata {
  readonly architecture: GgufArchitecture;
  /** Undefined where there is none. Throws ModelConfigError when it is no number. */
  number(key: string): number | undefined;
  text(key: string): string | undefined;
  /** A number of the tokenizer's part, such as `bos_token_id`. */
  token(key: string): number | undefined;
}

/** Throws ModelConfigError naming an architecture that is not read. */
export function modelMetadata({ path, metadata }: GgufFile): ModelMetadata {
  const name = metadata.get('general.architecture');
  if (typeof name !== 'string' || !Object.hasOwn(GGUF_ARCHITECTURES, name)) {
    const known = Object.keys(GGUF_ARCHITECTURES).join(', ');
    throw new ModelConfigError(path, [
      `general.architecture: ${JSON.stringify(name)} is not supported (one of ${known})`,
    ]);
  }
  const number = (key: string): number | undefined => {
    const value = metadata.get(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number') return shortest(value);
    if (typeof value === 'bigint') return Number(value);
    throw new ModelConfigError(path, [`${key} must be a number; one for each layer is not supported`]);
  };
  return {
    architecture: GGUF_ARCHITECTURES[name]!,
    number: (key) => number(`${name}.${key}`),
    text: (key) => {
      const value = metadata.get(`${name}.${key}`);
      return typeof value === 'string' ? value : undefined;
    },
    token: (key) => number(`tokenizer.ggml.${key}`),
  };
}

/** The shortest decimal that float32 holds as this value: what was meant, 1e-5 for 9.999999747378752e-6. */
function shortest(value: number): number {
  if (!Number.isFinite(value) || Math.fround(value) !== value) return value;
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return value;
}

export const headsOf = ({ number }: ModelMetadata): Heads => {
  const queries = number('attention.head_count') ?? 0;
  return { queries, keys: number('attention.head_count_kv') ?? queries };
};

/**
 * The contents that config.json would have. Throws ModelConfigError naming every metadata key that is missing, and what the
 * metadata cannot say.
 */
export function configJson(file: GgufFile): Record<string, unknown> {
  const metadata = modelMetadata(file);
  const { architecture, number, token } = metadata;
  const problems: string[] = [];
  const needed = (key: string): number | undefined => {
    const value = number(key);
    if (value === undefined) problems.push(`its metadata has no ${key}`);
    return value;
  };
  if ((number('expert_count') ?? 0) > 0) problems.push('mixtures of experts are not supported');
  if (file.tensors.has(ROPE_FACTORS)) {
    problems.push(
      'its rotary factors are in a tensor, and what they came from is not told: put the model’s config.json beside it',
    );
  }
  const heads = headsOf(metadata);
  const hiddenSize = needed('embedding_length');
  const json = {
    model_type: architecture.modelType,
    vocab_size: file.tensors.get('token_embd.weight')?.shape[0],
    hidden_size: hiddenSize,
    intermediate_size: needed('feed_forward_length'),
    num_hidden_layers: needed('block_count'),
    num_attention_heads: needed('attention.head_count'),
    num_key_value_heads: heads.keys,
    head_dim: number('attention.key_length') ?? (hiddenSize ?? 0) / heads.queries,
    max_position_embeddings: needed('context_length'),
    rms_norm_eps: needed('attention.layer_norm_rms_epsilon'),
    rope_theta: number('rope.freq_base') ?? 10_000, // the format's default
    tie_word_embeddings: !file.tensors.has('output.weight'),
    bos_token_id: token('bos_token_id') ?? null,
    eos_token_id: token('eos_token_id') ?? null,
    pad_token_id: token('padding_token_id') ?? null,
    ...ropeScaling(metadata, problems),
    ...OWN_FIELDS[architecture.modelType](metadata, file),
  };
  if (problems.length > 0) throw new ModelConfigError(file.path, problems);
  return json;
}

function ropeScaling({ number, text }: ModelMetadata, problems: string[]): Record<string, unknown> {
  const type = text('rope.scaling.type') ?? 'none';
  if (type === 'none') return {};
  const factor = number('rope.scaling.factor');
  if (type === 'linear') return { rope_scaling: { rope_type: 'linear', factor } };
  if (type === 'yarn') {
    const original = number('rope.scaling.original_context_length');
    return { rope_scaling: { rope_type: 'yarn', factor, original_max_position_embeddings: original } };
  }
  problems.push(`rope.scaling.type: ${JSON.stringify(type)} is not supported: put the model’s config.json beside it`);
  return {};
}

type OwnFields = (metadata: ModelMetadata, file: GgufFile) => Record<string, unknown>;

/** Gemma's largest models scale scores by another width than the head's, which is not told but goes by the depth. */
const gemma =
  (deepest: number): OwnFields =>
  ({ number }) => {
    const heads = number('attention.head_count') ?? 0;
    const byHead = number('attention.key_length');
    const byModel = (number('embedding_length') ?? 0) / heads;
    return {
      head_dim: byHead,
      query_pre_attn_scalar: number('block_count') === deepest ? byModel : byHead,
      sliding_window: number('attention.sliding_window'),
    };
  };

const OWN_FIELDS: Readonly<Record<GgufArchitecture['modelType'], OwnFields>> = {
  llama: (_, { tensors }) => ({ attention_bias: tensors.has('blk.0.attn_q.bias') }),
  qwen2: () => ({}),
  qwen3: () => ({}),
  gemma2: (metadata, file) => ({
    ...gemma(46)(metadata, file), // 27B
    attn_logit_softcapping: metadata.number('attn_logit_softcapping') ?? null,
    final_logit_softcapping: metadata.number('final_logit_softcapping') ?? null,
  }),
  gemma3_text: gemma(62), // 27B
};
