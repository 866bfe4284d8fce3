import type { Plugin } from '@tether/core';
import { ContainerModule } from 'inversify';
import { PLUGIN } from './identifiers.ts';

/**
 * The plugins that come with Tether: a name, and how to load it. Loaded when a run names it, so that an engine that is
 * not installed costs nothing.
 */
export const SHIPPED_PLUGINS: Readonly<Record<string, () => Promise<{ readonly plugin: Plugin }>>> = {
  dpo: () => import('@tether/objective-dpo'),
  simpo: () => import('@tether/objective-simpo'),
  sft: () => import('@tether/objective-sft'),
  none: () => import('@tether/regularizer-none'),
  kl: () => import('@tether/regularizer-kl'),
  ganpo: () => import('@tether/regularizer-ganpo'),
  reference: () => import('@tether/backend-reference'),
  onnxruntime: () => import('@tether/backend-onnxruntime'),
};

/** One container module per plugin: a binding of its manifest, named by the name that configs use. */
export const pluginModule = (name: string, plugin: Plugin): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind<Plugin>(PLUGIN).toConstantValue(plugin).whenNamed(name);
  });
