import { modelParameters, type DecoderConfig } from '../config/index.ts';
import { checkPresent, trainable, type TransformerBody } from '../transformer/index.ts';
import { forward } from './forward.ts';

/** A decoder of the Llama family as pure functions. */
export function decoder(config: DecoderConfig): TransformerBody {
  const parameters = trainable(modelParameters(config));
  return {
    hiddenSize: config.hiddenSize,
    vocabularySize: config.vocabSize,
    parameters,
    layers: config.layers.map(({ window }) => ({ window, cap: config.attentionCap })),
    keyHeads: config.numKeyValueHeads,
    headDim: config.headDim,
    rereadsBeyond: originalContext(config),
    logitCap: config.logitCap,
    forward(weights, places, attend, rematerialize) {
      checkPresent(parameters, weights);
      return forward(config, weights, places, attend, rematerialize);
    },
    headWeight(weights) {
      checkPresent(parameters, weights);
      return weights[config.tieWordEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight']!;
    },
  };
}

/** Beyond this many tokens LongRoPE turns all heads of a row by other frequencies. */
function originalContext({ rope }: DecoderConfig): number | undefined {
  return rope.type === 'longrope' ? rope.originalMaxPositionEmbeddings : undefined;
}
