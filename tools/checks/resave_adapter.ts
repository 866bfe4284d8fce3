/**
 * Reads an adapter folder of PEFT and saves it again, for peft_round_trip.py to compare.
 *
 * Usage: resave_adapter.ts ADAPTER OUT
 */
import { languageModel, loadAdapterConfig, loadModelConfig, readAdapter, saveAdapter } from '@tether/model';

const [folder, out] = process.argv.slice(2);
if (folder === undefined || out === undefined) throw new Error('usage: resave_adapter.ts ADAPTER OUT');

const adapter = await loadAdapterConfig(folder);
if (adapter.base === undefined) throw new Error(`${folder} does not name its base`);
const { parameters } = languageModel((await loadModelConfig(adapter.base)).config);
const weights = await readAdapter(adapter, parameters);
await saveAdapter(out, { config: adapter.config, base: adapter.base, parameters, weights });
