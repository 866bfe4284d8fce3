import { optimize, printGraph, verify, type Graph } from '@tether/graph';
import { evaluationStep, gradientStep, updateStep, needsOf, type BatchShape, type StepDefinition } from '@tether/core';
import { planBuckets } from '@tether/data';
import { Option, type Command } from 'commander';
import { chooseArm } from '../config/chooseArm.ts';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { resolvePlugins } from '../config/resolvePlugins.ts';
import { modelArchitecture } from '../model/architecture.ts';
import { printLine, tell } from '../output/terminal.ts';
import { stepDefinition } from '../run/definition.ts';
import { loadDataFor } from '../run/dataPreview.ts';
import { readConfig, withConfigFile } from './options.ts';

const PARTS = ['gradient', 'update', 'evaluation'] as const;
type Part = (typeof PARTS)[number];

interface GraphOptions {
  readonly part: Part;
  readonly arm?: string;
  readonly raw?: boolean;
  readonly model?: string;
  readonly data?: readonly string[];
}

export function addGraph(program: Command): void {
  const command = program
    .command('graph')
    .summary('print the training step')
    .description('Prints the graph of a config’s training step for its largest bucket, one line an operation.');
  withConfigFile(command, 'config file')
    .addOption(new Option('--part <part>', 'which graph').choices([...PARTS]).default('gradient'))
    .option('--arm <name>', 'arm of a comparison; default: the first')
    .option('--raw', 'as traced, before passes')
    .option('--model <folder>', 'in place of the config’s')
    .option('--data <files...>', 'in place of the config’s')
    .action(printStep);
}

const BUILD: Readonly<Record<Part, (definition: StepDefinition, shape: BatchShape) => Graph>> = {
  gradient: (definition, shape) => gradientStep(definition, shape, { continues: false, completes: true }).graph,
  update: (definition) => updateStep(definition).graph,
  evaluation: (definition, shape) => evaluationStep(definition, shape, true).graph,
};

async function printStep(file: string, options: GraphOptions): Promise<void> {
  const asked = await readConfig(file, options);
  // A graph is the same on every backend, so any stands in for one that has to be tried.
  const { config, baseFolder } = chooseArm(asked, options.arm, 'reference');
  const plugins = await resolvePlugins(new PluginRegistry(baseFolder), file, config);
  const { train } = await loadDataFor(config, baseFolder);
  const layout = needsOf(plugins).has('paddedViews') ? 'padded' : 'compact';
  const mostTokens = config.data.max_length ?? Infinity;
  const { buckets } = planBuckets(train.sizes, layout, config.data.buckets, mostTokens);
  const bucket = buckets.at(-1)!; // there is a row, so there is a bucket
  const definition = stepDefinition(config, plugins, await modelArchitecture(config.model));
  const traced = BUILD[options.part](definition, { ...bucket, rows: config.training.per_device_train_batch_size });
  const graph = verify(options.raw === true ? traced : optimize(traced));
  printLine(printGraph(graph).trimEnd());
  tell(`${graph.nodes.length} operations, ${graph.inputs.size} inputs, ${graph.outputs.size} outputs`);
}
