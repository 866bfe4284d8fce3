import { testBackend } from '@tether/testing';
import { describe, it } from 'vitest';
import { ENGINES, plugin } from './index.ts';

/**
 * TensorFlow's threads flush numbers below 2⁻¹²⁶ to 0; two units of roundoff of this floor are 2⁻¹²⁶.
 */
const FLUSHED = { units: 2, floor: 2 ** -103, reason: 'TensorFlow flushes subnormal results to 0' };

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
      ...(engine.startsWith('node') && { tolerances: { div: FLUSHED } }),
    });
  });
}
