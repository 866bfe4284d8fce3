import { checkData, renderReport, type TextTokenizer } from '@tether/data';
import { loadTokenizer } from '@tether/model';
import type { Command } from 'commander';
import { dataTokenizer } from '../model/loadModel.ts';
import { printJson, printLine } from '../output/terminal.ts';
import { namedData, withDataOptions, type DataOptions } from './dataOptions.ts';
import { addShowRow } from './showRow.ts';

interface CheckOptions extends DataOptions {
  readonly findings?: string;
  readonly json?: boolean;
}

const FORMATS = `
Files: JSON arrays and JSON lines (.json, .jsonl, .ndjson, also compressed: .gz, .zst), Parquet (.parquet), Arrow (.arrow).
Folders: as save_to_disk of the datasets library writes them, or with files named by their split as on the Hugging Face
hub (train-00000-of-00003.parquet, test.jsonl.gz); --split names the split.
Rows: prompt/chosen/rejected as TRL has them (UltraFeedback binarized too), ShareGPT pairs, instruction/input pairs,
Human:/Assistant: transcripts (hh-rlhf), or prompt/completion. The form is found by the columns, or named by --format.

Examples:
  tether data check pairs.jsonl
  tether data check ultrafeedback_binarized --split train_prefs --model models/gemma --findings findings.jsonl
  tether data show pairs.jsonl --row 3 --model models/gemma`;

export function addData(program: Command): void {
  const data = program
    .command('data')
    .summary('look at preference data')
    .description('Looks at preference data: what becomes of every row, and how the model sees one.')
    .addHelpText('after', FORMATS);
  const command = data
    .command('check')
    .summary('what becomes of every row')
    .description(
      'Reads data files (or the data of a config) and lists every row that would be dropped, truncated, or is suspicious, the lengths, and the padding of each bucket. Exit code 1 when a row cannot be used at all.',
    )
    .argument('<files...>', 'data files or folders, or one config file (.yaml)');
  withDataOptions(command)
    .option('--findings <file>', 'write the complete list of such rows here, as JSON lines, where it is long')
    .option('--json', 'print the report as JSON')
    .action(check);
  addShowRow(data);
}

async function check(files: readonly string[], options: CheckOptions): Promise<void> {
  const { data, baseFolder, model } = await namedData(files, options);
  const tokenizer: TextTokenizer | undefined =
    model === undefined ? undefined : dataTokenizer(await loadTokenizer(model));
  const findings = options.findings === undefined ? {} : { findingsFile: options.findings };
  const report = await checkData(data, tokenizer, { baseFolder, ...findings });
  if (options.json === true) printJson(report);
  else for (const line of renderReport(report)) printLine(line);
  if (report.counts['bad-row'] > 0) process.exitCode = 1;
}
