import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { input, mul, sub } from '@tether/graph';
import { runNumbers, wave } from '@tether/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createBackend, type XlaConfig } from './index.ts';
import { testConfig, whereAvailable } from './testing/available.ts';

await whereAvailable('compiled programs on disk', () => {
  let folder: string;
  const warnings: string[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tether-programs-'));
    warnings.length = 0;
    vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  const x = input('x', 'f32', [8]);
  const run = async (config: Partial<XlaConfig> = {}, factor = 3): Promise<number[]> => {
    const backend = await createBackend(testConfig({ cache: folder, ...config }));
    const outputs = { x: sub(mul(x, factor), 1) };
    const { x: result } = await runNumbers(backend, outputs, { x: wave([8]) }, { inPlace: new Map([['x', 'x']]) });
    await backend.dispose();
    return [...result!];
  };
  const only = (): string => join(folder, readdirSync(folder)[0]!);

  it('are loaded instead of being compiled again, and do the same', async () => {
    const compiled = await run();
    const written = readFileSync(only());
    expect(await run()).toEqual(compiled);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(readFileSync(only())).toEqual(written);
    expect(warnings).toEqual([]);
  });

  it('are kept apart by program, flags and number of devices', async () => {
    await run();
    await run({}, 5);
    await run({ flags: { xla_cpu_prefer_vector_width: 128 } });
    await run({ devices: 2 });
    expect(readdirSync(folder)).toHaveLength(4);
  });

  it.each([
    ['a changed byte', (file: Buffer) => file.fill(file[file.length - 1]! ^ 1, file.length - 1)],
    ['a missing end', (file: Buffer) => file.subarray(0, file.length / 2)],
    ['nothing in it', () => Buffer.alloc(0)],
  ])('are compiled again with a warning where there is %s', async (_, damage) => {
    const expected = await run();
    const whole = readFileSync(only());
    writeFileSync(only(), damage(Buffer.from(whole)));
    expect(await run()).toEqual(expected);
    expect(warnings).toEqual([expect.stringContaining('compiling again: its content is not what was written')]);
    expect(readFileSync(only()).length).toBeGreaterThan(whole.length / 2);
    warnings.length = 0;
    expect(await run()).toEqual(expected);
    expect(warnings).toEqual([]);
  });

  it('cost a warning, not the run, where the folder cannot be written to', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const { length } = await run({ cache: join(file, 'below') });
    expect(length).toBe(8);
    expect(warnings.join()).toContain('below');
  });
});
