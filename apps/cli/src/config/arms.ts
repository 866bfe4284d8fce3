import { armSource } from './derive.ts';
import { ConfigError, type ConfigProblem } from './problems.ts';
import { parseConfig, type LoadedConfig } from './parseConfig.ts';
import type { ArmSection, RunConfig } from './runSchema.ts';

export interface ParsedArm {
  readonly arm: ArmSection;
  readonly config: RunConfig;
}

/** An arm's name as the name of its folder, which "." and ".." cannot be. */
export const armFolder = (name: string): string => name.replaceAll(/[^\p{L}\p{N}._-]+|^\.+$/gu, '-');

/** Arms whose results would lie in one folder: some file systems take upper and lower case for the same. */
function sharedFolders(names: readonly string[]): ConfigProblem[] {
  const byFolder = Map.groupBy(names, (name) => armFolder(name).normalize('NFC').toLowerCase());
  return [...byFolder.values()].flatMap((same) => {
    if (same.length === 1) return [];
    const different = [...new Set(same)].map((name) => `"${name}"`);
    const message =
      different.length === 1
        ? `two arms are named ${different[0]!}`
        : `the arms ${different.join(' and ')} would share the folder "${armFolder(same[0]!)}": give them names that differ in letters or digits`;
    return [{ path: 'compare.arms', message }];
  });
}

/** The arms of a comparison, each as a run of its own. Throws ConfigError with the problems of all of them. */
export function parseArms({ file, baseFolder, source, config }: LoadedConfig): readonly ParsedArm[] {
  const problems: ConfigProblem[] = [];
  const arms = config.compare?.arms ?? [];
  const parsed = arms.flatMap((arm, index): ParsedArm[] => {
    try {
      return [{ arm, config: parseConfig(file, armSource(source, index, 0), baseFolder).config }];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // The comparison itself has been parsed: what is wrong is what the arm replaces.
      problems.push(...error.problems.map(({ path, message }) => ({ path: `compare.arms.${index}.${path}`, message })));
      return [];
    }
  });
  problems.push(...sharedFolders(arms.map(({ name }) => name)));
  if (problems.length > 0) throw new ConfigError(file, problems);
  return parsed;
}
