import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const entry = new URL('../index.ts', import.meta.url).href;

/** What a program of its own prints before it ends by itself; rejects when it does not. */
async function outputOf(program: string): Promise<string> {
  const flags = ['--conditions=@tether/source', '--input-type=module', '--eval'];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, program], { timeout: 20_000 });
  return stdout;
}

describe('the thread that runs programs', () => {
  it('keeps no program alive that only opens the backend', async () => {
    const program = `
      import { createBackend } from ${JSON.stringify(entry)};
      await createBackend({ providers: ['cpu'], threads: 1 });
      console.log('opened');
    `;
    expect(await outputOf(program)).toBe('opened\n');
  });
});
