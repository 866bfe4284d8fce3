import type { Plugin, PluginKind } from '@tether/core';
import { ContainerModule } from 'inversify';
import { PLUGIN } from './identifiers.ts';

type PluginLoader = () => Promise<{ readonly plugin: Plugin }>;

/** A package with several plugins, by their names; which it has is checked by a test. */
interface Family {
  readonly plugins: Readonly<Record<string, Plugin>>;
}

/** Loaders of some plugins of one package. */
const family = (load: () => Promise<Family>, names: readonly string[]): Record<string, PluginLoader> =>
  Object.fromEntries(names.map((name) => [name, async () => ({ plugin: (await load()).plugins[name]! })]));

/**
 * The plugins that come with Tether, by what they are: a name, and how to load it. Loaded when a run names it, so that an
 * engine that is not installed costs nothing.
 */
export const SHIPPED_BY_KIND: Readonly<Record<PluginKind, Readonly<Record<string, PluginLoader>>>> = {
  objective: {
    dpo: () => import('@tether/objective-dpo'),
    ...family(
      () => import('@tether/objective-dpo'),
      [
        'cdpo',
        'hinge',
        'ipo',
        'exo_pair',
        'nca_pair',
        'robust',
        'bco_pair',
        'sppo_hard',
        'aot',
        'aot_unpaired',
        'apo_zero',
        'apo_down',
        'discopop',
        'sigmoid_norm',
      ],
    ),
    cpo: () => import('@tether/objective-cpo'),
    ...family(() => import('@tether/objective-cpo'), ['slic']),
    orpo: () => import('@tether/objective-orpo'),
    kto: () => import('@tether/objective-kto'),
    ...family(() => import('@tether/objective-kto'), ['apo_zero_unpaired']),
    simpo: () => import('@tether/objective-simpo'),
    sft: () => import('@tether/objective-sft'),
  },
  regularizer: {
    none: () => import('@tether/regularizer-none'),
    kl: () => import('@tether/regularizer-kl'),
    ganpo: () => import('@tether/regularizer-ganpo'),
    nll: () => import('@tether/regularizer-nll'),
    l2_initial: () => import('@tether/regularizer-l2-initial'),
    ...family(
      () => import('@tether/regularizer-latent'),
      ['latent_l2', 'latent_cosine', 'mmd', 'sliced_wasserstein', 'cka'],
    ),
  },
  backend: {
    reference: () => import('@tether/backend-reference'),
    onnxruntime: () => import('@tether/backend-onnxruntime'),
    tfjs: () => import('@tether/backend-tfjs'),
    xla: () => import('@tether/backend-xla'),
  },
};

/** All of them: a name stands for one plugin, whatever it is. */
export const SHIPPED_PLUGINS: Readonly<Record<string, PluginLoader>> = {
  ...SHIPPED_BY_KIND.objective,
  ...SHIPPED_BY_KIND.regularizer,
  ...SHIPPED_BY_KIND.backend,
};

/** One container module per plugin: a binding of its manifest, named by the name that configs use. */
export const pluginModule = (name: string, plugin: Plugin): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind<Plugin>(PLUGIN).toConstantValue(plugin).whenNamed(name);
  });
