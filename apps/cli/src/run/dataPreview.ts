import { loadDataset, syntheticTokenizer, type Dataset } from '@tether/data';
import { checkTokenizerFits, loadModelConfig, loadTokenizer } from '@tether/model';
import type { RunConfig } from '../config/runSchema.ts';
import { dataTokenizer } from '../model/loadModel.ts';

/** The data of a run, tokenized, without reading any weight. */
export async function loadDataFor({ model, data }: RunConfig, baseFolder: string): Promise<Dataset> {
  if (model.path === undefined) return loadDataset(data, syntheticTokenizer, { baseFolder });
  const { config } = await loadModelConfig(model.path);
  const tokenizer = await loadTokenizer(model.path);
  checkTokenizerFits(tokenizer, config, model.path);
  return loadDataset(data, dataTokenizer(tokenizer), { baseFolder });
}
