import { expect, it } from 'vitest';
import { inChild, workerBeside } from './inChild.ts';

it('tells the last words of a silent process that dies', async () => {
  const worker = workerBeside(import.meta.url, '../testing/dyingWorker');
  const died = inChild(worker, {}, { what: 'the probe', isSilent: true });
  await expect(died).rejects.toThrow(
    /^the probe's process ended early \(exit code 3\); its last words: .*the engine found no memory$/s,
  );
});
