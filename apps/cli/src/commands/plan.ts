import { totalSteps, type BatchShape } from '@tether/core';
import type { Command } from 'commander';
import { chooseArm } from '../config/chooseArm.ts';
import { resolvePlugins } from '../config/resolvePlugins.ts';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { modelArchitecture } from '../model/architecture.ts';
import { printJson, printLine } from '../output/terminal.ts';
import { matmulRate } from '../plan/rate.ts';
import { renderPlan, type Plan } from '../plan/render.ts';
import { plannedShape } from '../plan/shape.ts';
import { planStep } from '../plan/stepPlan.ts';
import { stepDefinition } from '../run/definition.ts';
import { positiveNumber, wholeNumberFrom } from './numbers.ts';
import { readConfig, withConfigOptions, type ConfigOptions } from './options.ts';

interface PlanOptions extends ConfigOptions {
  readonly arm?: string;
  readonly rows?: number;
  readonly prompt?: number;
  readonly completion?: number;
  readonly rate?: number;
  readonly json?: boolean;
}

export function addPlan(program: Command): void {
  const command = program
    .command('plan')
    .summary('parameters, memory, work and time of a run, before any weight is read')
    .description(
      'Plans a run from its config and the model’s config.json alone: memory by part, work per step, time at a measured rate, and the devices that it fits on.',
    );
  withConfigOptions(command)
    .option('--arm <name>', 'arm of a comparison; default: the first')
    .option('--rows <number>', 'training rows, where the data is not at hand', wholeNumberFrom(1))
    .option('--prompt <tokens>', 'length of prompts, where the data is not at hand', wholeNumberFrom(1))
    .option('--completion <tokens>', 'length of completions, where the data is not at hand', wholeNumberFrom(1))
    .option('--rate <flops>', 'matrix products in FLOP/s; default: measured on this machine', positiveNumber)
    .option('--json', 'print as JSON')
    .action(plan);
}

async function plan(file: string, options: PlanOptions): Promise<void> {
  const loaded = chooseArm(await readConfig(file, options), options.arm, 'onnxruntime');
  const { config, baseFolder } = loaded;
  const plugins = await resolvePlugins(new PluginRegistry(baseFolder), file, config);
  const definition = stepDefinition(config, plugins, await modelArchitecture(config.model));
  const planned = await plannedShape(config, plugins, baseFolder, options);
  const shape: BatchShape = { ...planned.bucket, rows: config.training.per_device_train_batch_size };
  const step = planStep(definition, shape, plugins.backend.plugin);
  const steps = totalSteps(config.training, planned.stepsPerEpoch);
  const rate = options.rate ?? (await matmulRate(plugins.backend));
  const microBatches = steps * config.training.gradient_accumulation_steps;
  const made: Plan = { name: config.name, step, shape, lengths: planned.lengths, steps, microBatches, rate };
  if (options.json === true) printJson(made);
  else for (const line of renderPlan(made)) printLine(line);
}
