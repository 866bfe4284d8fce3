import type { Difference } from './differences.ts';

/** Options in which a run may differ from the one that it goes on from: how long it is, and what is written when. */
const MAY_DIFFER = new Set(
  ['max_steps', 'num_train_epochs', 'logging_steps', 'eval_steps', 'save_steps', 'save_total_limit']
    .map((name) => `training.${name}`)
    .concat('name'),
);

export const isOfLength = ({ path }: Difference): boolean =>
  path === 'training.max_steps' || path === 'training.num_train_epochs';

export const mayDiffer = ({ path }: Difference): boolean => MAY_DIFFER.has(path);
