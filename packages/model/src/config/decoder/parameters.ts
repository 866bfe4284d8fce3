import { matrix, ones, projection, zeros, type ParameterSpec } from '../parameters.ts';
import type { DecoderConfig } from './types.ts';

/** Every parameter of the model in the order of the forward pass. A tied head has no tensor of its own. */
export function decoderParameters(config: DecoderConfig): ParameterSpec[] {
  const { vocabSize, hiddenSize } = config;
  const layers = Array.from({ length: config.numHiddenLayers }, (_, layer) =>
    layerParameters(config, `model.layers.${layer}`),
  );
  return [
    matrix('model.embed_tokens.weight', vocabSize, hiddenSize),
    ...layers.flat(),
    norm(config, 'model.norm', hiddenSize),
    ...(config.tieWordEmbeddings ? [] : [matrix('lm_head.weight', vocabSize, hiddenSize)]),
  ];
}

function layerParameters(config: DecoderConfig, prefix: string): ParameterSpec[] {
  const { hiddenSize, outputNorms } = config;
  const norms = (...names: string[]): ParameterSpec[] =>
    names.map((name) => norm(config, `${prefix}.${name}`, hiddenSize));
  return [
    ...norms('input_layernorm'),
    ...attentionParameters(config, `${prefix}.self_attn`),
    ...norms('post_attention_layernorm', ...(outputNorms ? ['pre_feedforward_layernorm'] : [])),
    ...feedForwardParameters(config, `${prefix}.mlp`),
    ...norms(...(outputNorms ? ['post_feedforward_layernorm'] : [])),
  ];
}

function attentionParameters(config: DecoderConfig, prefix: string): ParameterSpec[] {
  const { hiddenSize, headDim, attentionBias, outputBias } = config;
  const queries = config.numAttentionHeads * headDim;
  const keys = config.numKeyValueHeads * headDim;
  const inputs = config.fusedProjections
    ? projection(`${prefix}.qkv_proj`, queries + 2 * keys, hiddenSize, attentionBias)
    : [
        ...projection(`${prefix}.q_proj`, queries, hiddenSize, attentionBias),
        ...projection(`${prefix}.k_proj`, keys, hiddenSize, attentionBias),
        ...projection(`${prefix}.v_proj`, keys, hiddenSize, attentionBias),
      ];
  const norms = config.queryKeyNorms ? ['q_norm', 'k_norm'] : [];
  return [
    ...inputs,
    ...norms.map((name) => norm(config, `${prefix}.${name}`, headDim)),
    ...projection(`${prefix}.o_proj`, hiddenSize, queries, outputBias),
  ];
}

function feedForwardParameters(config: DecoderConfig, prefix: string): ParameterSpec[] {
  const { hiddenSize, intermediateSize, mlpBias } = config;
  const inputs = config.fusedProjections
    ? projection(`${prefix}.gate_up_proj`, 2 * intermediateSize, hiddenSize, mlpBias)
    : [
        ...projection(`${prefix}.gate_proj`, intermediateSize, hiddenSize, mlpBias),
        ...projection(`${prefix}.up_proj`, intermediateSize, hiddenSize, mlpBias),
      ];
  return [...inputs, ...projection(`${prefix}.down_proj`, hiddenSize, intermediateSize, mlpBias)];
}

/** A norm starts as the identity: its weight plus the offset is one. */
const norm = ({ normOffset }: DecoderConfig, module: string, size: number): ParameterSpec =>
  (normOffset === 1 ? zeros : ones)(`${module}.weight`, size);
