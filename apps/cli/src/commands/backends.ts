import type { BackendInstaller } from '@tether/core';
import type { Command } from 'commander';
import pc from 'picocolors';
import {
  allEngines,
  asConfig,
  engineName,
  probeEngine,
  shippedBackends,
  type EngineReport,
} from '../backends/engines.ts';
import { PluginError, PluginRegistry } from '../composition/pluginRegistry.ts';
import { nearest } from '../config/nearest.ts';
import { printJson, printLine, tell } from '../output/terminal.ts';

export function addBackends(program: Command): void {
  const backends = program
    .command('backends')
    .summary('engines that runs can use here, and how to get more')
    .description(
      'Opens every engine of every backend in a process of its own and tells what runs, why another does not, and how to get it.',
    )
    .option('--json', 'print as JSON')
    .action(listEngines);
  backends
    .command('install')
    .summary('fetch what an engine needs')
    .description('Fetches an engine’s library with pip, tries it, and puts it into the user’s cache folder.')
    .argument('<name>', 'for example xla-cpu; without a valid name, all names are told')
    .option('--python <environment>', 'interpreter or environment whose pip is used')
    .option('--folder <folder>', 'in place of the user’s cache folder')
    .action(install);
}

async function listEngines({ json }: { readonly json?: boolean }): Promise<void> {
  const registry = new PluginRegistry(process.cwd());
  const reports: EngineReport[] = [];
  for (const engine of await allEngines(registry)) {
    const report = { ...engine, ...(await probeEngine(engine, process.cwd())) };
    reports.push(report);
    if (json !== true) reportLines(report).forEach((line) => printLine(line));
  }
  if (json === true) {
    printJson(reports);
    return;
  }
  const installers = await allInstallers(registry);
  printLine();
  printLine(pc.bold('tether backends install'));
  for (const { name, description } of installers) printLine(`  ${pc.cyan(name)}  ${description}`);
}

/** Whether an engine can be had, and what a config says to get it. */
export function reportLines(report: EngineReport): string[] {
  const { description, reason } = report;
  const mark = description === undefined ? pc.yellow('–') : pc.green('✓');
  return [
    `${mark} ${pc.cyan(engineName(report))}  ${description ?? reason ?? ''}`,
    pc.dim(`    backend: ${JSON.stringify(asConfig(report))}`),
  ];
}

const allInstallers = async (registry: PluginRegistry): Promise<BackendInstaller[]> =>
  (await shippedBackends(registry)).flatMap(({ installers = [] }) => installers);

async function install(name: string, options: { readonly python?: string; readonly folder?: string }): Promise<void> {
  const installers = await allInstallers(new PluginRegistry(process.cwd()));
  const installer = installers.find((candidate) => candidate.name === name);
  if (installer === undefined) {
    const names = installers.map((candidate) => candidate.name);
    const suggestion = nearest(name, names);
    throw new PluginError(
      `there is nothing to install under "${name}"${suggestion === undefined ? '' : `; did you mean "${suggestion}"?`} Known: ${names.join(', ')}`,
    );
  }
  tell(`fetching ${name} …`);
  printLine(await installer.install(options));
}
