import { loadDataset, syntheticTokenizer, type Dataset } from '@tether/data';
import { checkTokenizerFits, loadModelConfig, loadTokenizer, readTokenizerFiles } from '@tether/model';
import type { RunConfig } from '../config/runSchema.ts';
import { dataTokenizer, foldersOf } from '../model/loadModel.ts';
import { tokenizerFingerprint } from '../model/tokenizerFingerprint.ts';

/**
 * The data of a run, tokenized, without reading any weight.
 * @param cacheFolder where the run will look for tokens that do not stay in memory
 */
export async function loadDataFor(
  { model, data }: RunConfig,
  baseFolder: string,
  cacheFolder?: string,
): Promise<Dataset> {
  if (model.path === undefined) return loadDataset(data, syntheticTokenizer, { baseFolder });
  const folders = { baseFolder, ...(cacheFolder === undefined ? {} : { cacheFolder }) };
  const { base, tokenizerOf } = await foldersOf(model.path);
  const { config } = await loadModelConfig(base);
  const tokenizer = await loadTokenizer(tokenizerOf);
  checkTokenizerFits(tokenizer, config, base);
  const fingerprint = tokenizerFingerprint(await readTokenizerFiles(tokenizerOf));
  return loadDataset(data, dataTokenizer(tokenizer), { ...folders, tokenizerFingerprint: fingerprint });
}
