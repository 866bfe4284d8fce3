import { Option, type Command } from 'commander';
import { ConfigError } from '../config/problems.ts';
import type { ConfigChanges } from '../config/changes.ts';
import { loadConfig } from '../config/loadConfig.ts';
import type { LoadedConfig } from '../config/parseConfig.ts';

/** Options that every command on a config file has. */
export interface ConfigOptions {
  readonly set?: readonly string[];
  readonly model?: string;
  readonly data?: readonly string[];
  readonly seeds?: string;
}

/** Options of this call that took every value behind them, a config file too. */
const greedyOptions = (command: Command): string[] =>
  command.options
    .filter((option) => option.variadic && command.getOptionValue(option.attributeName()) !== undefined)
    .map(({ long, flags }) => long ?? flags);

/** Takes a config file; where it is missing behind options of several values, the error tells its place. */
export const withConfigFile = (command: Command, description: string): Command =>
  command.argument('<file>', description).configureOutput({
    outputError: (text, write) => {
      write(text);
      const [greedy] = greedyOptions(command);
      if (greedy === undefined || !text.includes("missing required argument 'file'")) return;
      write(
        `${greedy} takes every value behind it, so put the file first: npx tether ${command.name()} FILE ${greedy} …\n`,
      );
    },
  });

export const withConfigOptions = (command: Command): Command =>
  withConfigFile(command, 'config file (YAML or JSON)')
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

/** What a command takes in place of these sections of a config, as it is told to a person. */
type Replacements = Readonly<Record<'model' | 'data', string>>;

/** The problems of a config; where the command line can stand in for what is wrong or missing, that is told too. */
export function withReplacements(error: unknown, file: string, { model, data }: Replacements): unknown {
  if (!(error instanceof ConfigError)) return error;
  const byPath: Readonly<Record<string, string>> = { model, 'model.path': model, data, 'data.files': data };
  const told = error.problems.map(({ path, message }) => ({
    path,
    message: byPath[path] === undefined ? message : `${message} (or ${byPath[path]})`,
  }));
  return new ConfigError(file, told);
}

/** Reads the config with the command line's changes. */
export async function readConfig(file: string, options: ConfigOptions): Promise<LoadedConfig> {
  const seeds = options.seeds === undefined ? [] : [`compare.seeds=[${options.seeds}]`];
  const changes: ConfigChanges = {
    set: [...(options.set ?? []), ...seeds],
    ...(options.model === undefined ? {} : { model: options.model }),
    ...(options.data === undefined ? {} : { data: options.data }),
  };
  return loadConfig(file, changes).catch((error: unknown) => {
    throw withReplacements(error, file, { model: '--model FOLDER', data: '--data FILE' });
  });
}
