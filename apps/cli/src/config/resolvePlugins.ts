import type { BackendPlugin, ObjectiveUse, PenaltyWeight, PluginKind, RegularizerUse } from '@tether/core';
import { PluginError, type PluginRegistry } from '../composition/pluginRegistry.ts';
import { ConfigError, problemsOf, type ConfigProblem } from './problems.ts';
import type { PluginReference, RegularizerReference } from './runSchema.ts';

/** The plugins of a run, each with the options that its own schema accepted. */
export interface ResolvedPlugins {
  readonly objective: ObjectiveUse;
  readonly regularizers: readonly RegularizerUse[];
  readonly penaltyWeights: readonly PenaltyWeight[];
  readonly backend: { readonly plugin: BackendPlugin; readonly config: unknown };
}

export interface PluginSections {
  readonly objective: PluginReference;
  readonly regularizers: readonly RegularizerReference[];
  readonly backend: PluginReference;
}

/** Loads the plugins of a config and parses their options. Throws ConfigError with every problem of all of them. */
export async function resolvePlugins(
  registry: PluginRegistry,
  file: string,
  sections: PluginSections,
  prefix = '',
): Promise<ResolvedPlugins> {
  const problems: ConfigProblem[] = [];
  const use = async <Kind extends PluginKind>(kind: Kind, reference: PluginReference, path: string) => {
    try {
      const plugin = await registry.get(kind, reference.name);
      const parsed = plugin.config.safeParse(reference.options);
      if (parsed.success) return { plugin, config: parsed.data };
      problems.push(...problemsOf(parsed.error, path.split('.')));
    } catch (error) {
      if (!(error instanceof PluginError)) throw error;
      problems.push({ path: `${path}.name`, message: error.message });
    }
    return undefined;
  };
  const objective = await use('objective', sections.objective, `${prefix}objective`);
  const regularizers: RegularizerUse[] = [];
  for (const [index, reference] of sections.regularizers.entries()) {
    const resolved = await use('regularizer', reference, `${prefix}regularizers.${index}`);
    if (resolved !== undefined) regularizers.push({ key: uniqueKey(resolved.plugin.name, regularizers), ...resolved });
  }
  const backend = await use('backend', sections.backend, 'backend');
  if (problems.length > 0 || objective === undefined || backend === undefined) throw new ConfigError(file, problems);
  const penaltyWeights = sections.regularizers.map(({ weight, schedule }) => ({ weight, schedule }));
  return { objective, regularizers, penaltyWeights, backend };
}

/** The plugin's name, numbered from the second use on. */
function uniqueKey(name: string, taken: readonly RegularizerUse[]): string {
  const count = taken.filter(({ plugin }) => plugin.name === name).length;
  return count === 0 ? name : `${name}${count + 1}`;
}
