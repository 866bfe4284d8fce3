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
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, installWheel } from './index.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tether-wheels-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Stands in for Python with pip: runs a shell script whose `$TARGET` is the folder that pip is told to fill. */
function pipThat(script: string): string {
  const path = join(root, 'python');
  writeFileSync(path, `#!/bin/sh\nwhile [ "$1" != --target ]; do shift; done\nTARGET="$2"\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const MAKES_A_LIBRARY = 'mkdir -p "$TARGET/engine" && printf new > "$TARGET/engine/library.so"';
const folder = (): string => join(root, 'install');
const readLibrary = (place: string): string => readFileSync(join(place, 'engine', 'library.so'), 'utf8');

const install = (python: string, verify: (fetched: string) => Promise<string>) =>
  installWheel({ name: 'engine-cpu', folder: folder(), package: 'engine==1', withDependencies: false, python, verify });

function installedBefore(): void {
  mkdirSync(join(folder(), 'engine-cpu', 'engine'), { recursive: true });
  writeFileSync(join(folder(), 'engine-cpu', 'engine', 'library.so'), 'old');
}

const onWindows = process.platform === 'win32';
if (onWindows) console.warn('skipped: what stands in for Python is a shell script');
describe.skipIf(onWindows)('installing a wheel', () => {
  it('puts what pip fetched and was verified in its place, and the old one away', async () => {
    installedBefore();
    const { place, facts } = await install(pipThat(MAKES_A_LIBRARY), async (fetched) => readLibrary(fetched));
    expect(facts).toBe('new');
    expect(place).toBe(join(folder(), 'engine-cpu'));
    expect(readLibrary(place)).toBe('new');
    expect(readdirSync(folder())).toEqual(['engine-cpu']);
  });

  it('keeps the old one where the new one does not work', async () => {
    installedBefore();
    const installing = install(pipThat(MAKES_A_LIBRARY), () => Promise.reject(new Error('it finds no device')));
    await expect(installing).rejects.toThrow('engine-cpu was not installed: it finds no device');
    expect(readLibrary(join(folder(), 'engine-cpu'))).toBe('old');
    expect(readdirSync(folder())).toEqual(['engine-cpu']);
  });

  it('tells what pip said, and leaves nothing behind', async () => {
    const installing = install(pipThat('echo "no matching distribution" >&2; exit 1'), async () => 'unreached');
    await expect(installing).rejects.toThrow('pip failed: no matching distribution');
    expect(readdirSync(folder())).toEqual([]);
  });

  it('names a Python that is not there', async () => {
    const installing = install(join(root, 'nowhere'), async () => 'unreached');
    await expect(installing).rejects.toThrow(/there is no Python at ".*nowhere"/);
    expect(existsSync(join(folder(), 'engine-cpu'))).toBe(false);
  });
});

it('keeps caches in the folder that the environment names, else in the home folder', () => {
  expect(cacheFolder('xla', { XDG_CACHE_HOME: '/caches' })).toBe(join('/caches', 'tether', 'xla'));
  expect(cacheFolder('xla', {})).toMatch(/\.cache.tether.xla$/);
});
