import { add, gather, layerNorm, mul, reshape, scope, sizeOf, type Tensor } from '@tether/graph';
import { geluTanh, mergeHeads, splitColumns, splitHeads } from '../blocks/index.ts';
import { modelParameters, type Gpt2Config } from '../config/index.ts';
import {
  adaptedLinear,
  checkpointed,
  checkPresent,
  trainable,
  under,
  type Attend,
  type InputDropout,
  type LayerWeights,
  type TransformerBody,
} from '../transformer/index.ts';

/** GPT-2 (Radford et al. 2019): pre-norm layers with LayerNorm, learned positions, a feed-forward part with GELU. */
export function gpt2(config: Gpt2Config): TransformerBody {
  const specs = trainable(modelParameters(config));
  const { numHiddenLayers, numAttentionHeads, hiddenSize } = config;
  return {
    hiddenSize,
    vocabularySize: config.vocabSize,
    parameters: specs,
    layers: Array.from({ length: numHiddenLayers }, () => ({})),
    keyHeads: numAttentionHeads,
    headDim: hiddenSize / numAttentionHeads,

    forward(parameters, { tokens, positions, dropout, observe }, attend, rematerialize) {
      checkPresent(specs, parameters);
      const flat = (x: Tensor): Tensor => reshape(x, [sizeOf(x.shape)]);
      const embedded = add(
        scope('wte', () => gather(parameters['transformer.wte.weight']!, flat(tokens))),
        scope('wpe', () => gather(parameters['transformer.wpe.weight']!, flat(positions))),
      ); // [B·T, H]
      const last = Array.from({ length: numHiddenLayers }).reduce<Tensor>((x, _, index) => {
        const layer = gpt2Layer(config, tokens.shape[0]!, attend, index, dropout?.(index));
        const run = rematerialize ? checkpointed(layer) : layer;
        const next = scope(`h.${index}`, () => run(x, under(parameters, `transformer.h.${index}.`)));
        observe?.(index, next);
        return next;
      }, embedded);
      return scope('ln_f', () => normalize(last, under(parameters, 'transformer.'), 'ln_f', config));
    },

    headWeight(parameters) {
      checkPresent(specs, parameters);
      return parameters[config.tieWordEmbeddings ? 'transformer.wte.weight' : 'lm_head.weight']!;
    },
  };
}

const normalize = (x: Tensor, weights: LayerWeights, name: string, { layerNormEpsilon }: Gpt2Config): Tensor =>
  layerNorm(x, weights[`${name}.weight`]!, weights[`${name}.bias`]!, layerNormEpsilon);

/** Layer `index`: x [B·T, H] → [B·T, H]. */
function gpt2Layer(config: Gpt2Config, rows: number, attend: Attend, index: number, drop: InputDropout | undefined) {
  const { hiddenSize } = config;
  const headDim = hiddenSize / config.numAttentionHeads;
  return (x: Tensor, weights: LayerWeights): Tensor => {
    const norm = (name: string, value: Tensor): Tensor => scope(name, () => normalize(value, weights, name, config));
    const project = (name: string, value: Tensor): Tensor => adaptedLinear(value, weights, name, drop, 'input-first');
    const attended = scope('attn', () => {
      const fused = project('attn.c_attn', norm('ln_1', x)); // [B·T, 3H]
      const [queries, keys, values] = splitColumns(fused, [hiddenSize, hiddenSize, hiddenSize]).map((part) =>
        splitHeads(part, rows, headDim),
      ) as [Tensor, Tensor, Tensor]; // [B, A, T, D]
      const outputs = attend(index, mul(queries, scoreScale(config, index)), keys, values);
      return project('attn.c_proj', mergeHeads(outputs));
    });
    const middle = add(x, attended);
    const fed = scope('mlp', () => project('mlp.c_proj', geluTanh(project('mlp.c_fc', norm('ln_2', middle)))));
    return add(middle, fed);
  };
}

function scoreScale(config: Gpt2Config, index: number): number {
  const byHead = config.scaleAttentionWeights ? 1 / Math.sqrt(config.hiddenSize / config.numAttentionHeads) : 1;
  return config.scaleAttentionByInverseLayerIndex ? byHead / (index + 1) : byHead;
}
