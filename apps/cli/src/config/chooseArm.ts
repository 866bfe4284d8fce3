import { armSource } from './derive.ts';
import { parseConfig, type LoadedConfig } from './parseConfig.ts';
import { ConfigError } from './problems.ts';
import { AUTO } from './runSchema.ts';

/**
 * The run of one arm of a comparison with its first seed, or a config's only run, for commands that train nothing.
 *
 * @param name the first arm where undefined
 * @param standIn backend in place of one that is picked by trial
 * @throws ConfigError telling the arms where there is none of that name
 */
export function chooseArm(loaded: LoadedConfig, name: string | undefined, standIn: string): LoadedConfig {
  const { config, file, baseFolder } = loaded;
  const source = config.backend.name === AUTO ? { ...loaded.source, backend: standIn } : loaded.source;
  if (config.compare === undefined) {
    if (name === undefined) return parseConfig(file, source, baseFolder);
    const message = `there is no arm "${name}": the config has none (no "compare" section), so leave out --arm`;
    throw new ConfigError(file, [{ path: '--arm', message }]);
  }
  const { arms, seeds } = config.compare;
  const index = name === undefined ? 0 : arms.findIndex((arm) => arm.name === name);
  if (index < 0) {
    const known = arms.map((arm) => arm.name).join(', ');
    throw new ConfigError(file, [{ path: '--arm', message: `there is no arm "${name}"; arms: ${known}` }]);
  }
  return parseConfig(file, armSource(source, index, seeds[0]!), baseFolder);
}
