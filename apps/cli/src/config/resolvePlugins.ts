import type { BackendPlugin, ObjectiveUse, PenaltyWeight, PluginKind, RegularizerUse } from '@tether/core';
import { PluginError, type PluginByKind, type PluginRegistry } from '../composition/pluginRegistry.ts';
import { ConfigError, problemsOf, type ConfigProblem } from './problems.ts';
import { regularizerOptions, type PluginReference, type RegularizerReference } from './runSchema.ts';

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

interface PluginUse<Kind extends PluginKind> {
  readonly plugin: PluginByKind[Kind];
  readonly config: unknown;
}

/**
 * One plugin with its options parsed. What is wrong goes to `problems`, and the result is undefined.
 *
 * @param path of the plugin in the config, for example `regularizers.0`
 */
export async function resolvePlugin<Kind extends PluginKind>(
  registry: PluginRegistry,
  kind: Kind,
  reference: PluginReference,
  path: string,
  problems: ConfigProblem[],
): Promise<PluginUse<Kind> | undefined> {
  try {
    const plugin = await registry.get(kind, reference.name);
    const parsed = plugin.config.safeParse(reference.options);
    if (parsed.success) return { plugin, config: parsed.data };
    const alsoKnown = kind === 'regularizer' ? regularizerOptions : ['name'];
    problems.push(...problemsOf(parsed.error, { schema: plugin.config, prefix: path.split('.'), alsoKnown }));
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    problems.push({ path, message: error.message });
  }
  return undefined;
}

/** Loads the plugins of a config and parses their options. Throws ConfigError with every problem of all of them. */
export async function resolvePlugins(
  registry: PluginRegistry,
  file: string,
  sections: PluginSections,
): Promise<ResolvedPlugins> {
  const problems: ConfigProblem[] = [];
  const objective = await resolvePlugin(registry, 'objective', sections.objective, 'objective', problems);
  const regularizers: RegularizerUse[] = [];
  for (const [index, reference] of sections.regularizers.entries()) {
    const use = await resolvePlugin(registry, 'regularizer', reference, `regularizers.${index}`, problems);
    if (use !== undefined) regularizers.push({ key: uniqueKey(use.plugin.name, regularizers), ...use });
  }
  const backend = await resolvePlugin(registry, 'backend', sections.backend, 'backend', problems);
  if (problems.length > 0 || objective === undefined || backend === undefined) throw new ConfigError(file, problems);
  const penaltyWeights = sections.regularizers.map(({ weight, schedule }) => ({ weight, schedule }));
  return { objective, regularizers, penaltyWeights, backend };
}

/** The plugin's name, numbered from the second use on; past a number that makes it the name of another plugin. */
function uniqueKey(name: string, taken: readonly RegularizerUse[]): string {
  const keys = new Set(taken.map(({ key }) => key));
  let key = name;
  for (let count = 2; keys.has(key); count++) key = `${name}${count}`;
  return key;
}
