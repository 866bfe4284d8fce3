import { dataConfigSchema, FORM_NAMES, type DataConfig, type DataConfigInput } from '@tether/data';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { loadConfig } from '../config/loadConfig.ts';
import { ConfigError, problemsOf } from '../config/problems.ts';
import { checkNotOfHub } from '../model/loadModel.ts';
import { withReplacements } from './options.ts';

/** Options of the commands that look at data. */
export interface DataOptions {
  readonly model?: string;
  readonly format?: DataConfigInput['format'];
  readonly column?: readonly ColumnName[];
  readonly split?: string;
  readonly maxLength?: string;
}

type ColumnName = readonly [name: string, column: string];

/** `chosen=better`; the file's own name may have "=" in it. */
function columnName(text: string, before: readonly ColumnName[] = []): ColumnName[] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) {
    throw new InvalidArgumentError('It has the form name=column, for example chosen=better.');
  }
  return [...before, [text.slice(0, at), text.slice(at + 1)]];
}

export const withDataOptions = (command: Command): Command =>
  command
    .option(
      '--model <folder>',
      'tokenize with this model’s tokenizer and chat template; otherwise texts alone are looked at',
    )
    .addOption(new Option('--format <name>', 'form of the rows').choices(['auto', ...FORM_NAMES]))
    .option('--column <name=column...>', 'the file’s name of a column, for example --column chosen=better', columnName)
    .option('--split <name>', 'split of a folder, for example train_prefs')
    .option('--max-length <tokens>', 'longest prompt + completion');

/** The data that a command line names. */
export interface NamedData {
  readonly data: DataConfig;
  readonly baseFolder: string;
  readonly model: string | undefined;
  /** Whether a config says that its model is made new, for the synthetic language. */
  readonly isSynthetic: boolean;
}

/** Data files with options, or the data of a config. Throws ConfigError, and CheckpointError of a model that is not there. */
export async function namedData(files: readonly string[], options: DataOptions): Promise<NamedData> {
  const named = await dataOf(files, options);
  if (named.model !== undefined) checkNotOfHub(named.model);
  return named;
}

async function dataOf(files: readonly string[], options: DataOptions): Promise<NamedData> {
  const [file] = files;
  if (files.length === 1 && /\.ya?ml$/.test(file!)) {
    const changes = options.model === undefined ? {} : { model: options.model };
    const { config, baseFolder } = await loadConfig(file!, changes).catch((error: unknown) => {
      throw withReplacements(error, file!, { model: '--model FOLDER', data: 'name data files in place of the config' });
    });
    const model = config.model.path;
    return { data: config.data, baseFolder, model, isSynthetic: model === undefined };
  }
  const data = {
    files: [...files],
    eval_fraction: 0,
    ...(options.format === undefined ? {} : { format: options.format }),
    ...(options.split === undefined ? {} : { split: options.split }),
    ...(options.column === undefined ? {} : { columns: Object.fromEntries(options.column) }),
    ...(options.maxLength === undefined ? {} : { max_length: Number(options.maxLength) }),
  };
  const parsed = dataConfigSchema.safeParse(data);
  if (!parsed.success)
    throw new ConfigError('the command line', problemsOf(parsed.error, { schema: dataConfigSchema }));
  return { data: parsed.data, baseFolder: process.cwd(), model: options.model, isSynthetic: false };
}
