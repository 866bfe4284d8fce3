import type { LanguageModel } from '@tether/core';
import { isAdapterFolder, languageModel, loadModelConfig, loraConfig } from '@tether/model';
import { checkNotOfHub, openAdapter } from './loadModel.ts';
import type { ModelSection } from '../config/runSchema.ts';
import { newModel } from './newModel.ts';

/** The model of a config as pure functions, without reading any weight. */
export async function modelArchitecture(model: ModelSection): Promise<LanguageModel> {
  if (model.path === undefined) return newModel(model.pretrain!.architecture, 0, model).model; // one of both, by the schema
  checkNotOfHub(model.path);
  const { rematerialize } = model;
  if (isAdapterFolder(model.path)) {
    const { base, config: lora } = await openAdapter(model.path);
    return languageModel((await loadModelConfig(base)).config, { rematerialize, lora });
  }
  const { config } = await loadModelConfig(model.path);
  const lora = model.adapter === undefined ? undefined : loraConfig(model.adapter);
  return languageModel(config, { rematerialize, lora });
}
