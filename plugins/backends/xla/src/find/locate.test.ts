import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BackendError } from '@tether/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installFolder, programFolder } from './folders.ts';
import { locateLibrary, type LocateOptions } from './locate.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tether-locate-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function file(...parts: string[]): string {
  const path = join(root, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  return path;
}

/** A virtual environment with the CPU plugin among its packages. */
function environment(name: string): { folder: string; library: string } {
  file(name, 'pyvenv.cfg');
  const library = file(name, 'lib', 'python3.12', 'site-packages', 'xla_plugins', 'xla_cpu_pjrt', 'xla_cpu_pjrt.so');
  return { folder: join(root, name), library };
}

const locate = (options: Partial<LocateOptions> = {}): ReturnType<typeof locateLibrary> =>
  locateLibrary({ device: 'cpu', folder: join(root, 'install'), env: { VIRTUAL_ENV: join(root, 'none') }, ...options });

describe('the library that is used', () => {
  it('is the first of: config, its Python environment, variable, installed, active environment', async () => {
    const named = environment('named');
    const active = environment('active');
    const installed = file('install', 'xla-cpu', 'xla_plugins', 'xla_cpu_pjrt', 'xla_cpu_pjrt.so');
    const variable = file('variable.so');
    const env = { VIRTUAL_ENV: active.folder, TETHER_XLA_LIBRARY: variable };
    const all = { library: '/some/plugin.so', python: named.folder, env };
    expect((await locate(all)).path).toBe('/some/plugin.so');
    expect((await locate({ python: named.folder, env })).path).toBe(named.library);
    expect((await locate({ env })).path).toBe(variable);
    expect((await locate({ env: { VIRTUAL_ENV: active.folder } })).path).toBe(installed);
    rmSync(join(root, 'install'), { recursive: true });
    const { path, from } = await locateLibrary({
      device: 'cpu',
      python: active.folder,
      folder: join(root, 'install'),
      env: {},
    });
    expect(path).toBe(active.library);
    expect(from).toBe(`Python environment ${active.folder}`);
  });

  it('is that of the newest CUDA where several are installed', async () => {
    file('install', 'xla-cuda12', 'jax_plugins', 'xla_cuda12', 'xla_cuda_plugin.so');
    const newest = file('install', 'xla-cuda13', 'jax_plugins', 'xla_cuda13', 'xla_cuda_plugin.so');
    expect((await locate({ device: 'cuda' })).path).toBe(newest);
  });

  it('is not one that is still being installed', async () => {
    file('install', '.xla-cpu-1234', 'xla_plugins', 'xla_cpu_pjrt', 'xla_cpu_pjrt.so');
    await expect(locate()).rejects.toThrow(BackendError);
  });
});

describe('a library that is not found', () => {
  it('is told with the places that were searched and how to get one', async () => {
    const failure = locate({ device: 'tpu' });
    await expect(failure).rejects.toThrow(BackendError);
    await expect(failure).rejects.toThrow(
      /^no XLA plugin for tpu was found \(searched: TETHER_XLA_LIBRARY, .*install.*\)\. Get one with "tether backends install xla-tpu"/,
    );
  });

  it('is told with the environment that the config names', async () => {
    file('empty', 'pyvenv.cfg');
    file('empty', 'lib', 'python3.12', 'site-packages', 'README');
    await expect(locate({ python: join(root, 'empty') })).rejects.toThrow(/empty holds no XLA plugin for cpu/);
    await expect(locate({ python: join(root, 'nowhere') })).rejects.toThrow(/nowhere" is no Python environment/);
  });
});

it('puts what can be made again where the system says', () => {
  expect(installFolder({ XDG_CACHE_HOME: '/cache' })).toBe(join('/cache', 'tether', 'xla', 'install'));
  expect(programFolder({ XDG_CACHE_HOME: '/cache' })).toBe(join('/cache', 'tether', 'xla', 'programs'));
});
