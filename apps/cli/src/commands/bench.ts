import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { allEngines, probeEngine, type EngineChoice } from '../backends/engines.ts';
import { CASE_NAMES, describeCases, makeCase, WARM_UP_STEPS, type Case, type CaseContext } from '../bench/cases.ts';
import { renderMarkdown } from '../bench/markdown.ts';
import { perform } from '../bench/perform.ts';
import { renderProfile } from '../bench/profile.ts';
import type { BenchReport } from '../bench/report.ts';
import { runCase, type CaseResult } from '../bench/runCase.ts';
import type { Measurement, StepWork } from '../bench/work.ts';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { formatNumber, printLine, tell } from '../output/terminal.ts';
import { describeMachine } from '../run/machine.ts';
import { createRunFolder, writeAtomically, writeJson } from '../run/runFolder.ts';
import { interruptSignal } from './interrupt.ts';
import { wholeNumberFrom } from './numbers.ts';

interface BenchOptions {
  readonly python?: string;
  readonly steps: number;
  readonly backend: string;
  readonly output?: string;
  readonly profile?: boolean;
  readonly engines?: readonly string[];
}

const DEFAULT_BACKEND = 'onnxruntime';

/** Engines that are too slow to be measured on these shapes: the oracle. */
const NOT_MEASURED = new Set(['reference']);

function caseName(text: string, before: readonly string[] = []): string[] {
  if (!CASE_NAMES.includes(text)) throw new InvalidArgumentError(`known cases: ${CASE_NAMES.join(', ')}`);
  return [...before, text];
}

export function addBench(program: Command): void {
  program
    .command('bench')
    .summary('seconds and memory of training steps, side by side')
    .description(
      `Measures cases whose sides run in turn, each in a process of its own, and writes Markdown, JSON and charts.\n\nCases:\n${describeCases()
        .map((line) => `  ${line}`)
        .join('\n')}`,
    )
    .argument('<cases...>', 'cases to measure', caseName)
    .option('--python <interpreter>', 'environment with torch, transformers, trl and peft, for the peers')
    .option('--steps <number>', 'measured steps of each process, after two of warm-up', wholeNumberFrom(1), 5)
    .option('--backend <name>', 'what computes where a case does not compare engines', DEFAULT_BACKEND)
    .option('--engines <names...>', 'of cases that compare engines: only these, for example "xla cpu"')
    .option('--profile', 'run the last side of each case once more and tell what its time goes into')
    .option('--output <folder>', 'folder for results; must be absent or empty')
    .action(bench);
}

async function bench(names: readonly string[], options: BenchOptions): Promise<void> {
  const signal = interruptSignal();
  const context: CaseContext = {
    engines: names.some((name) => name.startsWith('engines')) ? await installedEngines(options.engines) : [],
    engine: { backend: options.backend, options: {} },
    steps: options.steps,
  };
  const folder = await createRunFolder(options.output, 'bench');
  const cases: CaseResult[] = [];
  const profiles: string[] = [];
  for (const name of names) {
    tell(name);
    const made = makeCase(name, context);
    const result = await runCase(
      made,
      { python: options.python === undefined ? undefined : resolve(options.python), signal },
      { onRun: (side, round, outcome) => tell(`  ${side}, round ${round}: ${describeOutcome(outcome)}`) },
    );
    if (signal.aborted) break; // a case that is not whole compares nothing
    cases.push(result);
    const { growthChart } = await import('../bench/growthChart.ts'); // the chart library is large
    const chart = growthChart(result);
    if (options.profile === true) profiles.push(...(await profileOf(made, join(folder, 'traces', name), signal)));
    if (chart !== undefined) await writeAtomically(join(folder, `${name}.svg`), chart);
  }
  const report: BenchReport = {
    createdAt: new Date().toISOString(),
    command: commandOf(names, options),
    machine: describeMachine(),
    cases,
  };
  const markdown = [renderMarkdown(report), ...profiles].join('\n');
  await writeJson(join(folder, 'bench.json'), report);
  await writeAtomically(join(folder, 'README.md'), markdown);
  printLine(markdown);
  tell(`results: ${folder}`);
}

/** What was asked for, to be asked for again; the environment of the peers is the reader's own. */
function commandOf(names: readonly string[], { steps, backend, engines, python }: BenchOptions): string {
  return [
    `tether bench ${names.join(' ')}`,
    `--steps ${steps}`,
    ...(backend === DEFAULT_BACKEND ? [] : [`--backend ${backend}`]),
    ...(engines === undefined ? [] : [`--engines ${engines.map((name) => `"${name}"`).join(' ')}`]),
    ...(python === undefined ? [] : ['--python …']),
  ].join(' ');
}

/** One more run of the case's last side of our own, traced. */
async function profileOf({ name, sides }: Case, folder: string, signal: AbortSignal): Promise<string[]> {
  const side = sides.findLast(({ work }) => work.kind === 'step');
  if (side?.work.kind !== 'step') return [];
  await mkdir(folder, { recursive: true });
  const work: StepWork = { ...side.work, profile: folder, steps: WARM_UP_STEPS + 1 };
  const outcome = await perform(work, { python: undefined, signal });
  if ('failure' in outcome) {
    tell(`  no profile: ${outcome.failure}`);
    return [];
  }
  const plugin = await new PluginRegistry(process.cwd()).get('backend', work.engine.backend);
  return renderProfile(`${name}, ${side.name}`, await plugin.profiling!.read(folder)); // the worker has used it
}

const describeOutcome = (outcome: Measurement | { readonly failure: string }): string =>
  'failure' in outcome
    ? `failed: ${outcome.failure}`
    : `${outcome.stepSeconds.map(formatNumber).join(' ')} s, ${Math.round(outcome.peakMemoryBytes / 2 ** 20)} MiB`;

async function installedEngines(only: readonly string[] | undefined): Promise<EngineChoice[]> {
  const found: EngineChoice[] = [];
  for (const engine of await allEngines(new PluginRegistry(process.cwd()))) {
    const name = `${engine.backend} ${engine.engine}`;
    if (NOT_MEASURED.has(engine.backend) || only?.includes(name) === false) continue;
    const { description, reason } = await probeEngine(engine, process.cwd());
    if (description === undefined) tell(`  passed over: ${name}: ${reason?.split('\n')[0]}`);
    else found.push(engine);
  }
  return found;
}
