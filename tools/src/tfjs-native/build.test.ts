import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { compileBinding } from './compile.ts';
import { BuildError } from './run.ts';
import { fetchTensorflow } from './tensorflow.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tether-tfjs-native-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function installedPackage(version: string): string {
  const installed = join(folder, 'tfjs-node');
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(installed, 'package.json'), JSON.stringify({ version }));
  return installed;
}

/** Stands in for g++: writes its parameters into its last one, the output. */
function standInCompiler(): string {
  const compiler = join(folder, 'compiler');
  writeFileSync(compiler, '#!/bin/sh\nfor last; do :; done\necho "$@" > "$last"\n');
  chmodSync(compiler, 0o755);
  return compiler;
}

const onWindows = process.platform === 'win32';
if (onWindows) console.warn('skipped: what stands in for the compiler is a shell script');
describe.skipIf(onWindows)('building the binding', () => {
  it('compiles once, and again when the package or TensorFlow is another', () => {
    vi.stubEnv('CXX', standInCompiler());
    const output = join(folder, 'lib', 'napi-v8', 'tfjs_binding.node');
    const build = (version: string, tensorflow: string) =>
      compileBinding(installedPackage(version), join(folder, tensorflow), output);
    expect(build('4.22.0', 'tensorflow')).toBe(true);
    expect(existsSync(output)).toBe(true);
    expect(build('4.22.0', 'tensorflow')).toBe(false);
    expect(build('4.23.0', 'tensorflow')).toBe(true);
    expect(build('4.23.0', 'other')).toBe(true);
  });

  it('says which compiler is missing, and leaves nothing half made', () => {
    vi.stubEnv('CXX', join(folder, 'no-compiler'));
    const output = join(folder, 'binding.node');
    const build = () => compileBinding(installedPackage('4.22.0'), folder, output);
    expect(build).toThrow(BuildError);
    expect(build).toThrow(/no-compiler cannot be started .*: a C\+\+17 compiler is needed/);
    expect(existsSync(output)).toBe(false);
  });

  it('says what a missing Python is needed for', ({ skip }) => {
    if (process.platform !== 'linux' || process.arch !== 'x64')
      skip('TensorFlow’s wheel is fetched for Linux on x64 only');
    const fetch = () => fetchTensorflow('tensorflow-cpu', folder, join(folder, 'no-python'));
    expect(fetch).toThrow(/no-python cannot be started .*: tensorflow-cpu 2\.\d+\.\d+ comes as a wheel through pip/);
    expect(readdirSync(folder).filter((name) => !name.endsWith('.partial'))).toEqual([]);
  });
});
