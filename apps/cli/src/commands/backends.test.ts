import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineReport } from '../backends/engines.ts';
import { temporaryFolder, tether, TINY, writeConfig } from '../testing/command.ts';
import { reportLines } from './backends.ts';

let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

describe('tether backends', () => {
  test('tells of every engine what runs or why it does not', { timeout: 120_000 }, async () => {
    const { code, stdout } = await tether(['backends', '--json'], folder);
    expect(code).toBe(0);
    const reports = JSON.parse(stdout) as EngineReport[];
    const found = (backend: string, engine: string): EngineReport | undefined =>
      reports.find((report) => report.backend === backend && report.engine === engine);
    expect(found('reference', 'default')?.description).toMatch(/float64/);
    expect(found('onnxruntime', 'cpu')?.description).toMatch(/^onnxruntime \d.*cpu/);
    for (const { description, reason } of reports) {
      expect((description === undefined) !== (reason === undefined)).toBe(true);
    }
    const lacking = process.platform === 'win32' ? 'coreml' : 'dml';
    expect(found('onnxruntime', lacking)?.reason).toMatch(/not supported in this build/);
  });

  test('prints what runs or why it does not, and what a config says to get it', () => {
    const lines = (report: EngineReport): string[] => reportLines(report).map(stripVTControlCharacters);
    const cpu = { backend: 'onnxruntime', engine: 'cpu', options: { providers: ['cpu'] }, description: 'version 1' };
    expect(lines(cpu)).toEqual([
      '✓ onnxruntime cpu  version 1',
      '    backend: {"name":"onnxruntime","providers":["cpu"]}',
    ]);
    expect(lines({ backend: 'other', engine: 'default', options: {}, reason: 'no device' })).toEqual([
      '– other default  no device',
      '    backend: "other"',
    ]);
  });

  test('names what can be installed when asked for something else', async () => {
    const { code, stderr } = await tether(['backends', 'install', 'xla-cqu'], folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/nothing to install under "xla-cqu"/);
  });
});

describe('backend: auto', () => {
  test('picks an engine by trial, says why, and stays with it when resumed', { timeout: 300_000 }, async () => {
    const config = { ...TINY, backend: 'auto', regularizers: ['none'], training: { ...TINY.training, max_steps: 2 } };
    await writeConfig(folder, 'auto.yaml', config);
    const { code, stderr } = await tether(['train', 'auto.yaml', '--output', 'auto', '--quiet'], folder);
    expect(stderr).toMatch(/backend: \S+ \S+, the fastest here: \S+ s a step/);
    expect(code).toBe(0);
    const decision = JSON.parse(await readFile(join(folder, 'auto', 'backend.json'), 'utf8')) as {
      readonly picked: { readonly backend: string };
    };
    const run = JSON.parse(await readFile(join(folder, 'auto', 'run.json'), 'utf8')) as { readonly backend: string };
    expect(run.backend.toLowerCase()).toContain(decision.picked.backend);
    const again = await tether(['train', 'auto.yaml', '--resume', 'auto', '--quiet'], folder);
    expect(again.code).toBe(0);
    expect(again.stderr).not.toMatch(/trying/);
  });

  test('takes no options', async () => {
    await writeConfig(folder, 'options.yaml', { ...TINY, backend: { name: 'auto', threads: 2 } });
    const { code, stderr } = await tether(['train', 'options.yaml'], folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(/backend.*takes no options/);
  });
});
