import { InvalidArgumentError, type Command } from 'commander';
import { mergeAdapter, saveCheckpoint, type SaveOptions } from '@tether/model';
import { loadModel } from '../model/loadModel.ts';
import { tell } from '../output/terminal.ts';

type StoredAs = NonNullable<SaveOptions['dtype']>;
const DTYPES: Readonly<Record<string, StoredAs>> = { f32: 'F32', bf16: 'BF16', f16: 'F16' };

interface ExportOptions {
  readonly model: string;
  readonly output: string;
  readonly dtype: StoredAs;
}

function dtype(text: string): StoredAs {
  const found = DTYPES[text];
  if (found === undefined) throw new InvalidArgumentError(`one of ${Object.keys(DTYPES).join(', ')}`);
  return found;
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
    .option('--dtype <name>', 'how weights are stored: f32, bf16 or f16', dtype, 'F32')
    .action(exportModel);
}

async function exportModel({ model, output, dtype: stored }: ExportOptions): Promise<void> {
  const prepared = await loadModel(model, { rematerialize: false });
  const { adapter, weights } = prepared;
  const parameters = adapter?.baseParameters ?? prepared.model.parameters;
  const whole = adapter === undefined ? weights : mergeAdapter(parameters, weights, weights, adapter.config);
  await saveCheckpoint(output, {
    config: prepared.configJson,
    generationConfig: prepared.generationJson,
    tensors: parameters.map(({ name, shape }) => ({ name, shape, data: Float32Array.from(whole.get(name)!) })),
    files: prepared.tokenizerFiles,
    dtype: stored,
  });
  tell(`${adapter === undefined ? 'saved' : 'adapter merged and saved'}: ${output}`);
}
