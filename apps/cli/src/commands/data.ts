import {
  checkData,
  dataConfigSchema,
  FORM_NAMES,
  renderReport,
  type DataConfigInput,
  type TextTokenizer,
} from '@tether/data';
import { loadTokenizer } from '@tether/model';
import { Option, type Command } from 'commander';
import { ConfigError, problemsOf } from '../config/problems.ts';
import { loadConfig } from '../config/loadConfig.ts';
import { dataTokenizer } from '../model/loadModel.ts';
import { printJson, printLine } from '../output/terminal.ts';

interface CheckOptions {
  readonly model?: string;
  readonly format?: DataConfigInput['format'];
  readonly column?: readonly string[];
  readonly maxLength?: string;
  readonly json?: boolean;
}

export function addData(program: Command): void {
  const data = program.command('data').summary('look at preference data').description('Looks at preference data.');
  data
    .command('check')
    .summary('what becomes of every row')
    .description(
      'Reads data files (or the data of a config) and lists every row that would be dropped, truncated, or is suspicious. Exit code 1 when a row cannot be used at all.',
    )
    .argument('<files...>', 'data files (.json, .jsonl), or one config file (.yaml)')
    .option(
      '--model <folder>',
      'tokenize with this model’s tokenizer and chat template; otherwise texts alone are checked',
    )
    .addOption(new Option('--format <name>', 'form of the rows').choices(['auto', ...FORM_NAMES]))
    .option('--column <name=column...>', 'the file’s name of a column, for example --column chosen=better')
    .option('--max-length <tokens>', 'longest prompt + completion')
    .option('--json', 'print the report as JSON')
    .action(check);
}

async function check(files: readonly string[], options: CheckOptions): Promise<void> {
  const { data, baseFolder, model } = await checkedData(files, options);
  const tokenizer: TextTokenizer | undefined =
    model === undefined ? undefined : dataTokenizer(await loadTokenizer(model));
  const report = await checkData(data, tokenizer, { baseFolder });
  if (options.json === true) printJson(report);
  else for (const line of renderReport(report)) printLine(line);
  if (report.counts['bad-row'] > 0) process.exitCode = 1;
}

interface CheckedData {
  readonly data: DataConfigInput;
  readonly baseFolder: string;
  readonly model: string | undefined;
}

async function checkedData(files: readonly string[], options: CheckOptions): Promise<CheckedData> {
  const [file] = files;
  if (files.length === 1 && /\.ya?ml$/.test(file!)) {
    const { config, baseFolder } = await loadConfig(file!);
    return { data: config.data, baseFolder, model: options.model ?? config.model.path };
  }
  const data = {
    files: [...files],
    eval_fraction: 0,
    ...(options.format === undefined ? {} : { format: options.format }),
    ...(options.column === undefined
      ? {}
      : { columns: Object.fromEntries(options.column.map((text) => text.split('=', 2))) as object }),
    ...(options.maxLength === undefined ? {} : { max_length: Number(options.maxLength) }),
  };
  const parsed = dataConfigSchema.safeParse(data);
  if (!parsed.success)
    throw new ConfigError('the command line', problemsOf(parsed.error, { schema: dataConfigSchema }));
  return { data, baseFolder: process.cwd(), model: options.model };
}
