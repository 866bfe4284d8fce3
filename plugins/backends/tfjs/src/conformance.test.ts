import { FLUSHES_SUBNORMALS, testBackend } from '@tether/testing';
import { describe, it } from 'vitest';
import { ENGINES, plugin } from './index.ts';

for (const engine of ENGINES) {
  const config = plugin.config.parse({ engine });
  const availability = await plugin.availability(config);
  describe(engine, () => {
    if (!availability.available) {
      it('is as the kit wants it', (context) => context.skip(availability.reason));
      return;
    }
    testBackend({
      create: () => plugin.create(config),
      ...(engine.startsWith('node') && { tolerances: { div: FLUSHES_SUBNORMALS } }),
    });
  });
}
