import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVitest } from 'vitest/node';
import { readSummary, SummaryReporter } from './testSummary.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

const STORY = `
import { expect, test, describe } from 'vitest';
test('passes', () => {});
test('passes too', () => {});
test('fails', () => expect(1).toBe(2));
test('says why it is skipped', ({ skip }) => skip('there is no accelerator'));
describe.skip('a group', () => test('is skipped without a word', () => {}));
`;
const ANNOUNCED = `
import { test } from 'vitest';
console.warn('skipped: no checkpoint here');
test.skip('needs the checkpoint', () => {});
`;
const UNNAMED = `
import { describe } from 'vitest';
console.warn('skipped: no accelerator here');
describe.skipIf(true)('on an accelerator', () => {});
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tether-summary-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src/story.test.ts'), STORY);
  writeFileSync(join(folder, 'src/announced.test.ts'), ANNOUNCED);
  writeFileSync(join(folder, 'src/unnamed.test.ts'), UNNAMED);
  writeFileSync(join(folder, 'src/broken.test.ts'), `import './missing.ts';`);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function runVitest(...filters: string[]): Promise<void> {
  const { exitCode } = process;
  const vitest = await startVitest('test', filters, {
    root: folder,
    watch: false,
    config: false,
    include: ['src/**/*.test.ts'],
    reporters: [new SummaryReporter()],
  });
  await vitest.close();
  // The failures inside are this test's subject, not its result.
  process.exitCode = exitCode;
}

describe('the summary of a package’s tests', () => {
  it('counts tests and files that do not load, and says why tests were skipped', async () => {
    await runVitest();
    const summary = readSummary(folder);
    expect(summary).toMatchObject({ passed: 2, failed: 2 });
    expect(summary?.skipped.map(({ test, reason }) => [test, reason]).sort()).toEqual([
      ['a group > is skipped without a word', 'no reason given'],
      ['a group of tests', 'no accelerator here'],
      ['needs the checkpoint', 'no checkpoint here'],
      ['says why it is skipped', 'there is no accelerator'],
    ]);
  });

  it('is not written when only some tests run', async () => {
    await runVitest('announced');
    expect(readSummary(folder)).toBeUndefined();
  });
});
