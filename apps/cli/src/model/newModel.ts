import { syntheticTokenizer, syntheticTokenizerConfig, syntheticTokenizerJson } from '@tether/data';
import { initialParameters, languageModel, modelConfigJson, parseModelConfig } from '@tether/model';
import type { ModelOptions, PreparedModel } from './preparedModel.ts';

/** A new model with random weights for the synthetic language. Throws ModelConfigError. */
export function newModel(
  architecture: Readonly<Record<string, unknown>>,
  seed: number,
  options: ModelOptions,
): PreparedModel {
  const tokenizer = syntheticTokenizer;
  const json = {
    model_type: 'llama',
    vocab_size: tokenizer.vocabularySize,
    bos_token_id: tokenizer.bosTokenId,
    eos_token_id: tokenizer.eosTokenId,
    pad_token_id: tokenizer.padTokenId,
    ...architecture,
  };
  const config = parseModelConfig(json, 'model.pretrain.architecture');
  const asText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  return {
    origin: 'new model for the synthetic language',
    model: languageModel(config, { rematerialize: options.rematerialize }),
    weights: initialParameters(config, seed),
    tokenizer,
    eosTokenIds: config.eosTokenIds,
    maxLength: config.maxPositionEmbeddings,
    configJson: modelConfigJson(config),
    generationJson: undefined,
    tokenizerFiles: new Map([
      ['tokenizer.json', asText(syntheticTokenizerJson())],
      ['tokenizer_config.json', asText(syntheticTokenizerConfig())],
    ]),
  };
}
