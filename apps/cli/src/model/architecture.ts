import type { LanguageModel } from '@tether/core';
import { llama, loadModelConfig } from '@tether/model';
import type { ModelSection } from '../config/runSchema.ts';
import { newModel } from './newModel.ts';

/** The model of a config as pure functions, without reading any weight. */
export async function modelArchitecture(model: ModelSection): Promise<LanguageModel> {
  if (model.path === undefined) return newModel(model.pretrain!.architecture, 0, model).model; // one of both, by the schema
  const { config } = await loadModelConfig(model.path);
  return llama(config, { rematerialize: model.rematerialize });
}
