import { defineBackend } from '@tether/core';
import { createReferenceBackend } from './backend.ts';
import { configSchema, type ReferenceConfig } from './config.ts';

export { createReferenceBackend } from './backend.ts';
export { configSchema, type ReferenceConfig } from './config.ts';
/** The synchronous interpreter behind the backend, for tests. */
export { evaluate } from '@tether/graph';

export const plugin = defineBackend<ReferenceConfig>({
  name: 'reference',
  description: 'Float64 on the host, plain loops: the oracle that everything else is compared with.',
  config: configSchema,
  availability: () => Promise.resolve({ available: true }),
  create: () => Promise.resolve(createReferenceBackend()),
});

export default plugin;
