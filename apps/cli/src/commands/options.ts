import { Option, type Command } from 'commander';
import { loadConfig, type ConfigChanges } from '../config/loadConfig.ts';
import type { LoadedConfig } from '../config/parseConfig.ts';

/** Options that every command on a config file has. */
export interface ConfigOptions {
  readonly set?: readonly string[];
  readonly model?: string;
  readonly data?: readonly string[];
  readonly seeds?: string;
}

export const withConfigOptions = (command: Command): Command =>
  command
    .argument('<file>', 'config file (YAML or JSON)')
    .option('--model <folder>', 'Hugging Face folder of the model to start from, in place of the config’s')
    .option('--data <files...>', 'data files, in place of the config’s')
    .option('--set <path=value...>', 'change an option, for example --set training.max_steps=100');

export interface OutputOptions {
  readonly output?: string;
  readonly resume?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export const withOutputOptions = (command: Command): Command =>
  command
    .addOption(new Option('--output <folder>', 'folder for results; must be absent or empty').conflicts('resume'))
    .option('--resume <folder>', 'continue what is in this folder')
    .option('--quiet', 'no progress')
    .option('--json', 'print the result as JSON');

/** Reads the config with the command line's changes. */
export function readConfig(file: string, options: ConfigOptions): Promise<LoadedConfig> {
  const seeds = options.seeds === undefined ? [] : [`compare.seeds=[${options.seeds}]`];
  const changes: ConfigChanges = {
    set: [...(options.set ?? []), ...seeds],
    ...(options.model === undefined ? {} : { model: options.model }),
    ...(options.data === undefined ? {} : { data: options.data }),
  };
  return loadConfig(file, changes);
}
