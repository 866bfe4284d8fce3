import type { LanguageModel } from '@tether/core';
import type { ModelConfig } from './config/index.ts';
import { decoder } from './decoder/index.ts';
import type { CachedModel } from './generation/index.ts';
import { gpt2 } from './gpt2/index.ts';
import { transformerModel, type ModelOptions } from './transformer/index.ts';

/** A model of any supported architecture as pure functions; parameters have their Hugging Face names. */
export function languageModel(config: ModelConfig, options: ModelOptions = {}): LanguageModel & CachedModel {
  return transformerModel(config.modelType === 'gpt2' ? gpt2(config) : decoder(config), options);
}
