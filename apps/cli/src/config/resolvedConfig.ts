import type { ResolvedPlugins } from './resolvePlugins.ts';
import type { RunConfig } from './runSchema.ts';

/** The plugins of a config with every option that they really have, defaults included: for records and comparisons. */
export function resolvedPluginOptions({ objective, regularizers }: RunConfig, plugins: ResolvedPlugins) {
  return {
    objective: { name: objective.name, ...asObject(plugins.objective.config) },
    regularizers: regularizers.map(({ name, weight, schedule }, index) => ({
      name,
      weight,
      schedule,
      ...asObject(plugins.regularizers[index]?.config),
    })),
  };
}

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
