import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BackendError } from '@tether/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeXla } from './describe.ts';
import { locateLibrary } from './find/locate.ts';
import { installXla, isTargetName } from './install.ts';
import { plugin } from './index.ts';
import { testConfig } from './testing/available.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tether-install-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Stands in for Python with pip: runs a shell script whose `$TARGET` is the folder that pip is told to fill. */
function pipThat(script: string): string {
  const path = join(root, 'python');
  writeFileSync(path, `#!/bin/sh\nwhile [ "$1" != --target ]; do shift; done\nTARGET="$2"\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const LIBRARY = join('xla_plugins', 'xla_cpu_pjrt', 'xla_cpu_pjrt.so');
const folder = (): string => join(root, 'install');
const install = (python: string) =>
  installXla('xla-cpu', { folder: folder(), python, env: { XDG_CACHE_HOME: join(root, 'cache') } });

function installBefore(content: string): string {
  const path = join(folder(), 'xla-cpu', LIBRARY);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

describe('installing', () => {
  it('puts a plugin that works in its place, and the old one away', async (context) => {
    const availability = await plugin.availability(testConfig());
    if (!availability.available) return context.skip(availability.reason);
    const { path } = await locateLibrary(testConfig());
    installBefore('an old one');
    const python = pipThat(`mkdir -p "$TARGET/${dirname(LIBRARY)}" && ln -s "${path}" "$TARGET/${LIBRARY}"`);
    const { library, facts } = await install(python);
    expect(library).toBe(join(folder(), 'xla-cpu', LIBRARY));
    expect(facts.platform).toBe('cpu');
    expect(existsSync(library)).toBe(true);
    expect(readdirSync(folder())).toEqual(['xla-cpu']);
  });

  it.each([
    ['pip fails', 'echo "No matching distribution" >&2; exit 1', 'pip failed: No matching distribution'],
    ['the package has another layout', 'mkdir -p "$TARGET/elsewhere"', 'xla-cpu-pjrt holds no XLA plugin for cpu'],
    [
      'the library is damaged',
      `mkdir -p "$TARGET/${dirname(LIBRARY)}" && echo damaged > "$TARGET/${LIBRARY}"`,
      'which is no library',
    ],
  ])('keeps what was there, and nothing else, where %s', async (_, script, message) => {
    const old = installBefore('an old one');
    const failure = install(pipThat(script));
    await expect(failure).rejects.toThrow(BackendError);
    await expect(failure).rejects.toThrow(/^xla-cpu was not installed: /);
    await expect(failure).rejects.toThrow(message);
    expect(readFileSync(old, 'utf8')).toBe('an old one');
    expect(readdirSync(folder())).toEqual(['xla-cpu']);
  });

  it('names the Python that is not there', async () => {
    await expect(install(join(root, 'no-python'))).rejects.toThrow(/there is no Python at ".*no-python"/);
  });

  it('knows its targets', () => {
    expect(isTargetName('xla-cpu')).toBe(true);
    expect(isTargetName('xla-abacus')).toBe(false);
  });
});

describe('describing', () => {
  it('tells for every kind of device what is found or how to get it', async () => {
    const bad = installBefore('damaged');
    const reports = await describeXla({
      folder: folder(),
      env: { VIRTUAL_ENV: join(root, 'none'), XDG_CACHE_HOME: join(root, 'cache') },
    });
    expect(reports.map(({ device }) => device)).toEqual(['cpu', 'cuda', 'rocm', 'oneapi', 'tpu']);
    expect(reports[0]).toMatchObject({ library: bad, from: `installed in ${folder()}` });
    expect(reports[0]!.reason).toContain('it has 7 bytes, which is no library');
    expect(reports[1]!.howToGet).toContain('tether backends install xla-cuda13');
    expect(reports[4]!.reason).toContain('no XLA plugin for tpu was found');
  });
});
