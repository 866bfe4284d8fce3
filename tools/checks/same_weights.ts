/**
 * Checks that two folders give the same model: config and every tensor. For a GGUF file and what transformers made of it.
 *
 * Usage: same_weights.ts FOLDER FOLDER
 */
import { checkParameters, loadModelConfig, modelConfigJson, modelParameters, openCheckpoint } from '@tether/model';

const folders = process.argv.slice(2);
if (folders.length !== 2) throw new Error('usage: same_weights.ts FOLDER FOLDER');

const [first, second] = (await Promise.all(
  folders.map(async (folder) => {
    const { config } = await loadModelConfig(folder);
    const reader = await openCheckpoint(folder);
    await checkParameters(reader, config);
    return { config, reader, json: modelConfigJson(config) };
  }),
)) as [Opened, Opened];
interface Opened {
  readonly config: Parameters<typeof modelParameters>[0];
  readonly reader: Awaited<ReturnType<typeof openCheckpoint>>;
  readonly json: Record<string, unknown>;
}

for (const key of new Set([...Object.keys(first.json), ...Object.keys(second.json)])) {
  const [a, b] = [first, second].map(({ json }) => JSON.stringify(json[key]));
  if (a !== b) console.log(`config: ${key} is ${a} and ${b}`);
}
let different = 0;
const parameters = modelParameters(first.config);
for (const { name } of parameters) {
  const [a, b] = [await first.reader.read(name), await second.reader.read(name)];
  if (a.length === b.length && a.every((value, index) => value === b[index])) continue;
  different++;
  console.log(`${name} differs`);
}
await Promise.all([first.reader.close(), second.reader.close()]);
console.log(`${parameters.length - different} of ${parameters.length} tensors are equal`);
process.exitCode = different === 0 ? 0 : 1;
