import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BackendError } from '@tether/core';
import { z } from 'zod';
import { faultOfLibrary } from './elf.ts';
import type { PluginFacts } from './tryOut.ts';

const factsSchema = z.object({
  api: z.string(),
  platform: z.string(),
  platformVersion: z.string(),
  devices: z.array(z.string()),
});
const resultSchema = z.union([z.object({ facts: factsSchema }), z.object({ reason: z.string() })]);

const LONGEST_MS = 180_000;

/**
 * Tries a plugin library out in a process of its own, for a bad one may end the process that loads it. That a library
 * works is remembered in `memory`, as long as the file and the machine stay the same.
 *
 * @param machine what tells machines apart that share `memory`, and the same one after a change of its devices
 * @throws BackendError telling why the library is of no use here
 */
export async function probeLibrary(path: string, memory: string, machine = thisMachine()): Promise<PluginFacts> {
  const fault = faultOfLibrary(path);
  if (fault !== undefined) throw new BackendError(`${path}: ${fault}`);
  const { size, mtimeMs, ino } = statSync(path);
  const key = createHash('sha256')
    .update(JSON.stringify([machine, path, size, mtimeMs, ino]))
    .digest('hex');
  const note = join(memory, `${key}.json`);
  const known = recall(note);
  if (known !== undefined) return known;
  const facts = await runProbe(path);
  remember(memory, note, facts);
  return facts;
}

/** The machine's name and, where the system tells, its last start: devices are put in or taken out before one. */
const thisMachine = (): string => JSON.stringify([hostname(), bootId()]);

function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined; // not Linux: the name has to do
  }
}

function recall(note: string): PluginFacts | undefined {
  try {
    return factsSchema.parse(JSON.parse(readFileSync(note, 'utf8')));
  } catch {
    return undefined; // not there, or of no use: the library is tried out again
  }
}

function remember(memory: string, note: string, facts: PluginFacts): void {
  try {
    mkdirSync(memory, { recursive: true });
    writeFileSync(note, JSON.stringify(facts));
  } catch {
    // A folder that cannot be written to costs a second next time, nothing else.
  }
}

interface Ending {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Sources run through Node's type stripping, and then workspace packages are sources too. */
const script = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? 'probeProcess.ts' : 'probeProcess.js', import.meta.url),
);
const conditions = script.endsWith('.ts') ? ['--conditions=@tether/source'] : [];

const runProcess = (path: string): Promise<Ending> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...conditions, script, path],
      { timeout: LONGEST_MS, maxBuffer: 2 ** 26 },
      (_error, stdout, stderr) => resolve({ stdout, stderr, code: child.exitCode, signal: child.signalCode }),
    );
  });

async function runProbe(path: string): Promise<PluginFacts> {
  const { stdout, stderr, code, signal } = await runProcess(path);
  const told = parseLastLine(stdout);
  if (told !== undefined && 'reason' in told) {
    throw new BackendError(told.reason.startsWith(path) ? told.reason : `${path}: ${told.reason}`);
  }
  if (told !== undefined && code === 0) return told.facts;
  const ending = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  const last = stderr.trim().split('\n').slice(-3).join(' | ');
  throw new BackendError(`${path}: a process that tried this library ${ending}${last === '' ? '' : `: ${last}`}`);
}

function parseLastLine(output: string): z.infer<typeof resultSchema> | undefined {
  try {
    return resultSchema.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''));
  } catch {
    return undefined; // it ended before it could tell
  }
}
