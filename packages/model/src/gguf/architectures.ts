/** What a GGUF file's `general.architecture` says about the names and forms of its tensors. */
export interface GgufArchitecture {
  /** Of the config.json that transformers would have. */
  readonly modelType: 'llama' | 'qwen2' | 'qwen3' | 'gemma2' | 'gemma3_text';
  /** Names of norms around the feed-forward part, which differ between families. */
  readonly norms: Readonly<Record<string, string>>;
  /** Rows of queries and keys lie interleaved, the two halves of each head's rotary pairs beside each other. */
  readonly interleaved: boolean;
  /** What is added to the weights of norms in the file. */
  readonly normOffset: 0 | 1;
}

const TWO_NORMS = { attn_norm: 'input_layernorm', ffn_norm: 'post_attention_layernorm' };
const FOUR_NORMS = {
  attn_norm: 'input_layernorm',
  post_attention_norm: 'post_attention_layernorm',
  ffn_norm: 'pre_feedforward_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
};

const plain = { norms: TWO_NORMS, interleaved: false, normOffset: 0 } as const;
const gemma = { norms: FOUR_NORMS, interleaved: false, normOffset: 1 } as const;

export const GGUF_ARCHITECTURES: Readonly<Record<string, GgufArchitecture>> = {
  llama: { ...plain, modelType: 'llama', interleaved: true },
  qwen2: { ...plain, modelType: 'qwen2' },
  qwen3: { ...plain, modelType: 'qwen3' },
  gemma2: { ...gemma, modelType: 'gemma2' },
  gemma3: { ...gemma, modelType: 'gemma3_text' },
};

const MODULES: Readonly<Record<string, string>> = {
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

const OUTSIDE: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};

/** Rotary factors of Llama 3.1, which a config.json says in words. */
export const ROPE_FACTORS = 'rope_freqs.weight';

/** The Hugging Face name of a tensor; a name that is not known stays, so that it is reported as unexpected. */
export function parameterName(name: string, { norms }: GgufArchitecture): string {
  const outside = OUTSIDE[name];
  if (outside !== undefined) return outside;
  const [, layer, part, kind] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
  const module = part === undefined ? undefined : (norms[part] ?? MODULES[part]);
  return module === undefined ? name : `model.layers.${layer}.${module}.${kind}`;
}

/** How many heads the rows of queries and of keys are. */
export interface Heads {
  readonly queries: number;
  readonly keys: number;
}

/**
 * A parameter's stored values in Hugging Face's form, the same array where it can be.
 *
 * @param rows  its outermost size
 * @throws RangeError when its rows are not whole rotary pairs of the heads
 */
export function restored(
  { name, values, rows }: { readonly name: string; readonly values: Float32Array; readonly rows: number },
  { interleaved, normOffset }: GgufArchitecture,
  heads: Heads,
): Float32Array {
  if (normOffset !== 0 && IS_NORM.test(name)) {
    for (let i = 0; i < values.length; i++) values[i]! -= normOffset;
    return values;
  }
  const projection = /\.([qk])_proj\./.exec(name)?.[1];
  if (!interleaved || projection === undefined) return values;
  return halvesApart(values, rows, projection === 'q' ? heads.queries : heads.keys);
}

const IS_NORM = /norm\.weight$/;

/** Each head's rows a₀ b₀ a₁ b₁ … → a₀ a₁ … b₀ b₁ …: rotary pairs side by side → their halves apart. */
function halvesApart(values: Float32Array, rows: number, heads: number): Float32Array {
  const pairs = rows / heads / 2;
  if (!Number.isInteger(pairs)) throw new RangeError(`${rows} rows are not ${heads} heads of rotary pairs`);
  const columns = values.length / rows;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const [head, place] = [Math.floor(row / (2 * pairs)), row % (2 * pairs)];
    const target = head * 2 * pairs + (place % 2) * pairs + (place >> 1);
    result.set(values.subarray(row * columns, (row + 1) * columns), target * columns);
  }
  return result;
}
