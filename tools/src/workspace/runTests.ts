/** `npm test`: checks format, lint and types, runs every package's tests, and ends with their sum. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { readSummary, type TestSummary } from './testSummary.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
/** Every vitest takes a core or more itself; two at once keep small machines busy and within their memory. */
const parallel = Math.max(2, Math.floor(availableParallelism() / 2));

interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
}

// Manifests of this workspace: npm has read them before this script runs.
const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

function nx(...targets: readonly string[]): boolean {
  const args = [
    'run-many',
    '-t',
    ...targets,
    '--outputStyle=static',
    `--parallel=${parallel}`,
    ...process.argv.slice(2),
  ];
  const run = spawnSync(process.execPath, [join(ROOT, 'node_modules/nx/dist/bin/nx.js'), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (run.error) throw run.error;
  return run.status === 0;
}

/** The folders of the packages that have tests. */
const testedFolders = (): string[] =>
  globSync(
    (manifest(ROOT).workspaces ?? []).map((pattern) => `${pattern}/package.json`),
    { cwd: ROOT },
  )
    .map((file) => join(ROOT, dirname(file)))
    .filter((folder) => manifest(folder).scripts?.['test'] !== undefined)
    .sort();

const checksPass = nx('format:check', 'lint', 'typecheck');
const testsPass = nx('test');

let [passed, failed, skipped] = [0, 0, 0];
for (const folder of testedFolders()) {
  const { name } = manifest(folder);
  const summary: TestSummary = readSummary(folder) ?? { passed: 0, failed: 0, skipped: [] };
  for (const { file, test, reason } of summary.skipped) console.log(`skipped: ${name} ${file}: ${test} (${reason})`);
  passed += summary.passed;
  failed += summary.failed;
  skipped += summary.skipped.length;
  if (summary.passed + summary.failed + summary.skipped.length === 0) {
    console.log(`failed: ${name} ran no test; its output is above`);
    failed += 1;
  }
}
if (!checksPass) {
  console.log('failed: format, lint or types; the output is above');
  failed += 1;
}
if (!testsPass && failed === 0) {
  console.log('failed: a test command; its output is above');
  failed += 1;
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;
