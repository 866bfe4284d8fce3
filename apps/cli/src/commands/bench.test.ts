import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BenchReport } from '../bench/report.ts';
import { fitExponent } from '../bench/statistics.ts';
import { temporaryFolder, tether } from '../testing/command.ts';

let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

describe('tether bench', () => {
  test('measures the sides of a case and writes JSON and Markdown', { timeout: 60_000 }, async () => {
    const { code, stdout } = await tether(['bench', 'check', '--steps', '2', '--output', 'bench'], folder);
    expect(code).toBe(0);
    const report = JSON.parse(await readFile(join(folder, 'bench', 'bench.json'), 'utf8')) as BenchReport;
    const [none, kl] = report.cases[0]!.sides;
    for (const side of [none!, kl!]) {
      expect(side.seconds).toBeGreaterThan(0);
      expect(side.peakMemoryBytes).toBeGreaterThan(2 ** 20);
      expect(side.runs).toHaveLength(1);
    }
    // The policy starts as the reference: DPO's loss is log 2, and KL adds nothing.
    for (const side of [none!, kl!]) {
      const [run] = side.runs;
      expect('loss' in run! ? run.loss : undefined).toBeCloseTo(Math.log(2), 5);
    }
    expect(kl!.relativeSeconds).toBeCloseTo(kl!.seconds! / none!.seconds!, 10);
    expect(await readFile(join(folder, 'bench', 'README.md'), 'utf8')).toBe(stdout.slice(0, -1));
  });

  test('goes on when a side cannot be measured, and says why', { timeout: 60_000 }, async () => {
    const { code, stdout } = await tether(
      ['bench', 'generate-135m', '--steps', '1', '--python', 'no-such-python', '--backend', 'nothing'],
      folder,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/transformers \| not measured: .*no-such-python/);
    expect(stdout).toMatch(/Tether \| not measured: .*"nothing"/);
  });

  test('knows its cases', async () => {
    const { code, stderr } = await tether(['bench', 'trl-15n'], folder);
    expect(code).toBe(2);
    expect(stderr).toContain('known cases: check, trl-15m');
  });
});

test('growth is the slope of the line through the logarithms', () => {
  expect(fitExponent([1, 2, 4, 8].map((x) => [x, 3 * x ** 1.5]))).toBeCloseTo(1.5, 12);
  expect(fitExponent([[10, 7], [20, 7]])).toBeCloseTo(0, 12); // prettier-ignore
});
