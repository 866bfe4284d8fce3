import { scope } from '@tether/graph';
import type { BatchViews, LossResult } from '../contracts/index.ts';
import type { ObjectiveUse } from './definition.ts';
import { permittedViews } from './permittedViews.ts';

/**
 * Runs what is a plugin's own. An error is told in the plugin's name; its stack stays that of the original, which is
 * where the plugin's author has to look.
 *
 * @param who for example `regularizer kl`
 */
export function inPlugin<T>(who: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const { message, stack } = cause instanceof Error ? cause : new Error(String(cause));
    const told = new Error(`${who}: ${message}`, { cause });
    if (stack !== undefined) told.stack = stack;
    throw told;
  }
}

/** What the objective makes of a batch, of which it sees what it declares. */
export const objectiveLoss = ({ plugin, config }: ObjectiveUse, views: BatchViews): LossResult =>
  scope(plugin.name, () =>
    inPlugin(`objective ${plugin.name}`, () => plugin.loss(permittedViews(views, plugin.needs(config)), config)),
  );
