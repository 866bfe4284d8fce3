/**
 * Saves a Hugging Face folder again in every way that the model package knows, for checkpoint_round_trip.py to compare.
 *
 * Usage: resave.ts FOLDER OUT     writes OUT/{F32,F32-sharded,BF16,F16} and OUT/initial, a new model of the same config
 */
import { join } from 'node:path';
import {
  checkParameters,
  initialParameters,
  loadModelConfig,
  modelConfigJson,
  modelParameters,
  openCheckpoint,
  readTokenizerFiles,
  saveCheckpoint,
} from '@tether/model';

const [folder, out] = process.argv.slice(2);
if (folder === undefined || out === undefined) throw new Error('usage: resave.ts FOLDER OUT');

const { config, json, generationJson } = await loadModelConfig(folder);
const files = await readTokenizerFiles(folder);
const specs = modelParameters(config);
const reader = await openCheckpoint(folder);
await checkParameters(reader, config);

const stored = specs.map(({ name, shape }) => ({ name, shape, data: () => reader.read(name) }));
const loaded = { config: json, generationConfig: generationJson, files, tensors: stored };
const quarter = specs.reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0) / 4;
await saveCheckpoint(join(out, 'F32'), loaded);
await saveCheckpoint(join(out, 'F32-sharded'), { ...loaded, maxShardBytes: quarter });
await saveCheckpoint(join(out, 'BF16'), { ...loaded, dtype: 'BF16' });
await saveCheckpoint(join(out, 'F16'), { ...loaded, dtype: 'F16' });
await reader.close();

const initial = initialParameters(config, 1);
await saveCheckpoint(join(out, 'initial'), {
  config: modelConfigJson(config),
  files,
  tensors: specs.map(({ name, shape }) => ({ name, shape, data: initial.get(name)! })),
});
