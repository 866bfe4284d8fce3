import { Option, type Command } from 'commander';
import { mergeAdapter, saveCheckpoint, type SaveOptions } from '@tether/model';
import { loadModel } from '../model/loadModel.ts';
import { tell } from '../output/terminal.ts';

type StoredAs = NonNullable<SaveOptions['dtype']>;
const DTYPES = { f32: 'F32', bf16: 'BF16', f16: 'F16' } as const satisfies Readonly<Record<string, StoredAs>>;

interface ExportOptions {
  readonly model: string;
  readonly output: string;
  readonly dtype: keyof typeof DTYPES;
}

export function addExport(program: Command): void {
  program
    .command('export')
    .summary('save a model as a Hugging Face folder, adapters merged')
    .description(
      'Saves a model (an adapter’s folder with its base, or a whole model) as a folder that transformers loads.',
    )
    .requiredOption('--model <folder>', 'Hugging Face folder, or an adapter’s')
    .requiredOption('--output <folder>', 'new folder; must be absent or empty')
    .addOption(new Option('--dtype <name>', 'how weights are stored').choices(Object.keys(DTYPES)).default('f32'))
    .action(exportModel);
}

async function exportModel({ model, output, dtype }: ExportOptions): Promise<void> {
  const prepared = await loadModel(model, { rematerialize: false });
  const { adapter, weights } = prepared;
  const parameters = adapter?.baseParameters ?? prepared.model.parameters;
  const whole = adapter === undefined ? weights : mergeAdapter(parameters, weights, weights, adapter.config);
  await saveCheckpoint(output, {
    config: prepared.configJson,
    generationConfig: prepared.generationJson,
    tensors: parameters.map(({ name, shape }) => ({ name, shape, data: Float32Array.from(whole.get(name)!) })),
    files: prepared.tokenizerFiles,
    dtype: DTYPES[dtype],
  });
  tell(`${adapter === undefined ? 'saved' : 'adapter merged and saved'}: ${output}`);
}
