import type { Command } from 'commander';
import { settleBackend } from '../backends/autoBackend.ts';
import { checkBackend } from '../backends/checkBackend.ts';
import { runComparison, type ComparisonEvent } from '../compare/runComparison.ts';
import { ConfigError } from '../config/problems.ts';
import type { LoadedConfig } from '../config/parseConfig.ts';
import { checkModel } from '../model/loadModel.ts';
import { createProgress, type Progress } from '../output/progress.ts';
import { printJson, printLine, tell, tellError } from '../output/terminal.ts';
import { INTERRUPTED, interruptSignal } from './interrupt.ts';
import { checkFolder, openFolder } from './openFolder.ts';
import { readConfig, withConfigOptions, withOutputOptions, type ConfigOptions, type OutputOptions } from './options.ts';
import { showDataReport } from './showData.ts';

export function addCompare(program: Command): void {
  const command = program
    .command('compare')
    .summary('train several arms on the same seeds and data, and say which is better')
    .description(
      'Trains every arm of the config with every seed, from the same weights, on the same rows in the same order, then compares them: a table, summary.json and report.html.',
    );
  withOutputOptions(withConfigOptions(command))
    .option('--seeds <list>', 'seeds, for example 0,1,2, in place of the config’s')
    .action(compare);
}

async function compare(file: string, options: ConfigOptions & OutputOptions): Promise<void> {
  const loaded = await readConfig(file, options);
  checkComparison(loaded);
  await checkFolder(loaded, options);
  await checkModel(loaded.config);
  await checkBackend(loaded, false);
  const data = await showDataReport(loaded, options);
  const opened = await openFolder(loaded, options);
  await data.moveTo(opened.folder);
  const progress = createProgress(options.quiet === true);
  const signal = interruptSignal();
  const result = await runComparison(await settleBackend(opened.loaded, opened.folder, signal), {
    folder: opened.folder,
    signal,
    createdAt: new Date().toISOString(),
    onEvent: (event) => showEvent(progress, event),
  }).finally(() => progress.stop());
  if (result === undefined) {
    tell(`interrupted; go on with: npx tether compare ${file} --resume ${opened.folder}`);
    process.exitCode = INTERRUPTED;
    return;
  }
  if (options.json === true) printJson(result.summary);
  else printLine(result.table);
  tell(`report: ${result.reportPath}`);
  if (result.raw.runs.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
}

function checkComparison({ file, config }: LoadedConfig): void {
  if (config.compare !== undefined) return;
  throw new ConfigError(file, [
    { path: 'compare', message: 'missing: give it "arms" (and "seeds"), or use: npx tether train' },
  ]);
}

const EVENTS: {
  readonly [Kind in ComparisonEvent['kind']]: (
    progress: Progress,
    event: Extract<ComparisonEvent, { kind: Kind }>,
  ) => void;
} = {
  start: (progress, { run, number, count }) => progress.start(`[${number}/${count}] ${run}`),
  kept: (_, { run, number, count }) => tell(`[${number}/${count}] ${run}: finished before, kept`),
  failed: (progress, { run, message }) => {
    progress.stop();
    tellError(`${run}: ${message}`);
  },
  run: (progress, { event }) => progress.event(event),
};

const showEvent = (progress: Progress, event: ComparisonEvent): void =>
  // The table is indexed by the event's own kind, which TypeScript cannot follow through the union.
  (EVENTS[event.kind] as (progress: Progress, event: ComparisonEvent) => void)(progress, event);
