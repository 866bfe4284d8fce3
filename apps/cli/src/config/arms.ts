import { armSource } from './derive.ts';
import { ConfigError, type ConfigProblem } from './problems.ts';
import { parseConfig, type LoadedConfig } from './parseConfig.ts';
import type { ArmSection, RunConfig } from './runSchema.ts';

export interface ParsedArm {
  readonly arm: ArmSection;
  readonly config: RunConfig;
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
  const names = arms.map(({ name }) => name);
  for (const name of new Set(names.filter((candidate, index) => names.indexOf(candidate) !== index))) {
    problems.push({ path: 'compare.arms', message: `two arms are named "${name}"` });
  }
  if (problems.length > 0) throw new ConfigError(file, problems);
  return parsed;
}
