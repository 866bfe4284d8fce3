import type { BackendPlugin } from '@tether/core';
import type { PluginRegistry } from '../composition/pluginRegistry.ts';
import { inChild, workerBeside } from '../run/inChild.ts';
import { toPlainError } from '../output/errors.ts';

/** What `backend:` of a config says. */
export interface BackendChoice {
  readonly backend: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A way to write `backend:` in a config. */
export interface EngineChoice extends BackendChoice {
  readonly engine: string;
}

/** What is found of an engine on this machine. */
export interface Probe {
  /** What runs, with versions and devices; undefined when it cannot be had. */
  readonly description?: string;
  /** What a matrix product of 256 × 256 × 256 takes there, in f32: where it is likely to stand among the engines. */
  readonly secondsPerProduct?: number;
  /** Why it cannot be had, and what to do. */
  readonly reason?: string;
}

export interface EngineReport extends EngineChoice, Probe {}

export const engineName = ({ backend, engine }: EngineChoice): string => `${backend} ${engine}`;

export interface ProbeTask {
  readonly baseFolder: string;
  readonly choice: BackendChoice;
}

const enginesOf = ({ name, engines }: BackendPlugin): readonly EngineChoice[] =>
  (engines ?? [{ name: 'default', options: {} }]).map(({ name: engine, options }) => ({
    backend: name,
    engine,
    options,
  }));

/** The backends that come with Tether. */
export async function shippedBackends(registry: PluginRegistry): Promise<BackendPlugin[]> {
  const plugins = await Promise.all(registry.shippedNames.map((name) => registry.load(name)));
  return plugins.filter((plugin) => plugin.kind === 'backend');
}

/** Every engine of every backend. */
export const allEngines = async (registry: PluginRegistry): Promise<EngineChoice[]> =>
  (await shippedBackends(registry)).flatMap(enginesOf);

/** Opens an engine in this process. Gives the reason where it cannot be had. */
export async function unavailability(
  plugin: BackendPlugin,
  options: BackendChoice['options'] = {},
): Promise<string | undefined> {
  const availability = await plugin.availability(plugin.config.parse(options));
  return availability.available ? undefined : availability.reason;
}

/**
 * Opens an engine in a process of its own: a library that crashes is reported like one that is missing. A process per
 * engine also keeps one's threads and memory from another's.
 */
export async function probeEngine(choice: BackendChoice, baseFolder: string): Promise<Probe> {
  const task: ProbeTask = { baseFolder, choice };
  try {
    return await inChild<never, Probe>(workerBeside(import.meta.url, 'probeWorker'), task, {
      what: 'the engine',
      isSilent: true,
    });
  } catch (error) {
    return { reason: toPlainError(error).message };
  }
}

/** A `backend:` line as a config has it. */
export const asConfig = ({ backend, options }: EngineChoice): unknown =>
  Object.keys(options).length === 0 ? backend : { name: backend, ...options };
