import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BackendPlugin, Objective, Plugin, PluginKind, Regularizer } from '@tether/core';
import { resolve } from 'import-meta-resolve';
import { Container } from 'inversify';
import { nearest } from '../config/nearest.ts';
import { PLUGIN } from './identifiers.ts';
import { offerOwnPackages } from './ownPackages.ts';
import { pluginModule, SHIPPED_BY_KIND, SHIPPED_PLUGINS } from './shippedPlugins.ts';

export interface PluginByKind {
  readonly objective: Objective;
  readonly regularizer: Regularizer;
  readonly backend: BackendPlugin;
}

/** A plugin that cannot be had: its name, and what to do. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
}

/** The composition root's view of plugins: the only place that loads them. */
export class PluginRegistry {
  readonly #container = new Container();
  readonly #baseFolder: string;

  /** @param baseFolder where npm packages named in a config are looked for */
  constructor(baseFolder: string) {
    this.#baseFolder = baseFolder;
  }

  /** Names of the plugins that come with Tether. */
  get shippedNames(): readonly string[] {
    return Object.keys(SHIPPED_PLUGINS);
  }

  /**
   * A plugin by its short name, npm package name or path.
   *
   * @throws PluginError when there is none, it is of another kind, or it cannot be loaded
   */
  async get<Kind extends PluginKind>(kind: Kind, name: string): Promise<PluginByKind[Kind]> {
    const plugin = await this.load(name, kind);
    if (plugin.kind !== kind) {
      throw new PluginError(
        `"${name}" is ${article(plugin.kind)} ${plugin.kind}, and ${article(kind)} ${kind} is needed here`,
      );
    }
    return plugin as unknown as PluginByKind[Kind]; // by the check of `kind`
  }

  /** @param kind what is needed, where that is known: names that may be meant are of this kind */
  async load(name: string, kind?: PluginKind): Promise<Plugin> {
    if (!this.#container.isBound(PLUGIN, { name })) {
      const plugin = await (SHIPPED_PLUGINS[name] === undefined ? this.#import(name, kind) : this.#importShipped(name));
      this.#container.load(pluginModule(name, plugin));
    }
    return this.#container.get<Plugin>(PLUGIN, { name });
  }

  async #importShipped(name: string): Promise<Plugin> {
    try {
      return (await SHIPPED_PLUGINS[name]!()).plugin; // the caller has looked
    } catch (error) {
      throw new PluginError(`the plugin "${name}" cannot be loaded: ${(error as Error).message}`, { cause: error });
    }
  }

  async #import(name: string, kind?: PluginKind): Promise<Plugin> {
    const module = await this.#importModule(name, kind);
    const plugin: unknown = module['plugin'] ?? module['default'];
    if (!isPlugin(plugin)) {
      throw new PluginError(
        `the package "${name}" exports no Tether plugin (an export "plugin" made by defineObjective, defineRegularizer or defineBackend)`,
      );
    }
    return plugin;
  }

  async #importModule(name: string, kind?: PluginKind): Promise<Record<string, unknown>> {
    const url = this.#locate(name, kind);
    offerOwnPackages();
    try {
      return (await import(url)) as Record<string, unknown>;
    } catch (error) {
      throw new PluginError(`the plugin "${name}" cannot be loaded: ${(error as Error).message}`, { cause: error });
    }
  }

  /** The file that a path or an npm package's name stands for, as an `import` in the base folder would find it. */
  #locate(name: string, kind?: PluginKind): string {
    const base = pathToFileURL(join(this.#baseFolder, 'tether.config')).href;
    try {
      if (!isPath(name)) return resolve(name, base);
      return pathToFileURL(createRequire(base).resolve(name)).href; // a folder too
    } catch (error) {
      const { message } = error as Error;
      if (!isNowhere(error as NodeJS.ErrnoException)) {
        throw new PluginError(`the package "${name}" is installed, but cannot be used: ${message}`, { cause: error });
      }
      throw new PluginError(
        `there is no ${kind ?? 'plugin'} "${name}", and no npm package of that name is installed; ${meant(name, kind)}`,
      );
    }
  }
}

/** What comes with Tether that an unknown name may stand for. */
function meant(name: string, kind: PluginKind | undefined): string {
  const shipped = Object.keys(kind === undefined ? SHIPPED_PLUGINS : SHIPPED_BY_KIND[kind]);
  const suggestion = nearest(name, shipped);
  if (suggestion !== undefined) return `did you mean "${suggestion}"?`;
  const engines = kind === 'backend' ? ' (npx tether backends tells their engines and which run here)' : '';
  return `shipped: ${shipped.join(', ')}${engines}`;
}

const isPath = (name: string): boolean => name.startsWith('.') || isAbsolute(name);

/** Whether nothing of a name is there, rather than a package that lacks something. */
const isNowhere = ({ code, message }: NodeJS.ErrnoException): boolean =>
  code === 'MODULE_NOT_FOUND' ||
  code === 'ERR_INVALID_MODULE_SPECIFIER' ||
  (code === 'ERR_MODULE_NOT_FOUND' && message.startsWith('Cannot find package'));

const article = (kind: string): string => (/^[aeiou]/.test(kind) ? 'an' : 'a');

const KINDS: ReadonlySet<unknown> = new Set<PluginKind>(['objective', 'regularizer', 'backend']);

function isPlugin(value: unknown): value is Plugin {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    KINDS.has(value.kind) &&
    'config' in value &&
    'name' in value
  );
}
