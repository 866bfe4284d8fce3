import { PluginRegistry } from '../composition/pluginRegistry.ts';
import type { ConfigProblem } from './problems.ts';
import { resolvePlugin } from './resolvePlugins.ts';
import { AUTO, runSchema } from './runSchema.ts';
import { asRecord, type Source } from './source.ts';

/**
 * What is wrong with the plugins of a config and of its arms. Sections of another form than a plugin's are passed over:
 * the config's schema tells those.
 */
export async function pluginProblems(source: Source, baseFolder: string): Promise<ConfigProblem[]> {
  const registry = new PluginRegistry(baseFolder);
  const problems: ConfigProblem[] = [];
  const { backend } = runSchema.shape;
  const use = backend.safeParse(source['backend']);
  if (use.success && use.data.name !== AUTO) await resolvePlugin(registry, 'backend', use.data, 'backend', problems);
  if (use.success && use.data.name === AUTO && Object.keys(use.data.options).length > 0) {
    problems.push({ path: 'backend', message: `"${AUTO}" takes no options: it tries every engine with its defaults` });
  }
  await checkLosses(registry, source, '', problems);
  const arms: unknown = asRecord(source['compare'])['arms'];
  for (const [index, arm] of (Array.isArray(arms) ? arms : []).entries()) {
    await checkLosses(registry, asRecord(arm), `compare.arms.${index}.`, problems);
  }
  return problems;
}

async function checkLosses(
  registry: PluginRegistry,
  source: Source,
  prefix: string,
  problems: ConfigProblem[],
): Promise<void> {
  const { objective, regularizers } = runSchema.shape;
  const use = objective.safeParse(source['objective']);
  if (use.success) await resolvePlugin(registry, 'objective', use.data, `${prefix}objective`, problems);
  const list: unknown = source['regularizers'];
  for (const [index, item] of (Array.isArray(list) ? list : []).entries()) {
    const [reference] = regularizers.safeParse([item]).data ?? [];
    if (reference === undefined) continue;
    await resolvePlugin(registry, 'regularizer', reference, `${prefix}regularizers.${index}`, problems);
  }
}
