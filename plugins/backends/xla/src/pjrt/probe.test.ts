import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { locateLibrary } from '../find/locate.ts';
import { plugin } from '../index.ts';
import { testConfig, whereAvailable } from '../testing/available.ts';
import { loadKoffi } from './memory.ts';
import { probeLibrary } from './probe.ts';

const folder = mkdtempSync(join(tmpdir(), 'tether-probe-'));
afterAll(() => rmSync(folder, { recursive: true }));

const reasonFor = async (path: string): Promise<string> => {
  const availability = await plugin.availability(testConfig({ library: path }));
  return availability.available ? 'it is available' : availability.reason;
};

/** A real shared library that is no plugin: koffi's own, as the system has loaded it. */
async function otherLibrary(): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  await loadKoffi();
  return /\/.*koffi\.node$/m.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0];
}
const other = await otherLibrary();
const needsLibrary = 'no other shared library of Linux is at hand to be damaged';

/** A copy of that library with one change. */
function damaged(name: string, change: (bytes: Buffer) => void): string {
  const bytes = readFileSync(other!);
  change(bytes);
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** The part of an ELF file that is executed: the first loaded segment with the flag for it. */
function codeOf(bytes: Buffer): { start: number; end: number } {
  const table = Number(bytes.readBigUInt64LE(32));
  for (let index = 0; index < bytes.readUInt16LE(56); index++) {
    const at = table + 56 * index;
    if (bytes.readUInt32LE(at) !== 1 || (bytes.readUInt32LE(at + 4) & 1) === 0) continue;
    const start = Number(bytes.readBigUInt64LE(at + 8));
    return { start, end: start + Number(bytes.readBigUInt64LE(at + 32)) };
  }
  throw new Error('no code in this library');
}

describe('a library that is of no use', () => {
  it('is missing', async () => {
    const path = join(folder, 'missing.so');
    expect(await reasonFor(path)).toContain(`${path}: there is no such file (from: "library" of the config)`);
  });

  it('is no library', async () => {
    const path = join(folder, 'text.so');
    writeFileSync(path, 'not a library'.repeat(100));
    if (process.platform === 'linux') expect(await reasonFor(path)).toContain(`${path}: it is not an ELF file`);
    else expect(await reasonFor(path)).toContain(path);
  });

  it('is cut off', async (context) => {
    if (other === undefined) return context.skip(needsLibrary);
    const path = join(folder, 'truncated.so');
    copyFileSync(other, path);
    truncateSync(path, 30_000);
    expect(await reasonFor(path)).toMatch(/truncated\.so: it is cut off: 30000 bytes of at least \d+/);
  });

  it('is made for another processor', async (context) => {
    if (other === undefined) return context.skip(needsLibrary);
    const path = damaged('sparc.so', (bytes) => bytes.writeUInt16LE(43, 18));
    expect(await reasonFor(path)).toContain(`it is made for another processor than ${process.arch}`);
  });

  it('is another library', async (context) => {
    if (other === undefined) return context.skip(needsLibrary);
    expect(await reasonFor(other)).toContain('it has no function GetPjrtApi, so it is not a PJRT plugin');
  });

  it('kills the process that loads it, which is not this one', async (context) => {
    if (other === undefined) return context.skip(needsLibrary);
    const path = damaged('broken.so', (bytes) => {
      const { start, end } = codeOf(bytes);
      bytes.fill(0xcc, start, end); // breakpoints
    });
    expect(await reasonFor(path)).toMatch(/a process that tried this library (was ended by SIG|ended with code)/);
  });
});

await whereAvailable('a library that works', () => {
  const libraryPath = async (): Promise<string> => (await locateLibrary(testConfig())).path;

  it('is tried out once', async () => {
    const path = await libraryPath();
    const notes = join(folder, 'once');
    const facts = await probeLibrary(path, notes);
    expect(facts).toMatchObject({ platform: 'cpu' });
    expect(facts.api).toMatch(/^0\.\d+$/);
    const [note] = readdirSync(notes).map((name) => join(notes, name));
    const other = { ...facts, platformVersion: 'as noted' };
    writeFileSync(note!, JSON.stringify(other));
    expect(await probeLibrary(path, notes)).toEqual(other);
  });

  it('is tried out again by another machine that has the same notes', async () => {
    const path = await libraryPath();
    const notes = join(folder, 'shared');
    for (const machine of ['one', 'another', 'one']) await probeLibrary(path, notes, machine);
    expect(readdirSync(notes)).toHaveLength(2);
  });
});
