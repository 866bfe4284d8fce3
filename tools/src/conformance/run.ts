/**
 * The same 30 steps of DPO with GANPO on every engine that is here, against the float64 oracle: a Markdown table of the
 * largest relative differences of losses and of final weights.
 *
 *     node --conditions=@tether/source tools/src/conformance/run.ts [--checkpoint FOLDER] [--only NAME …] [--keep FOLDER]
 *
 * With --keep, what an engine made stays in that folder and is not made again: slow engines can run one at a time.
 */
import { openSafetensors } from '@tether/model';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { worstOf } from '../goldens/worst.ts';
import type { ConformanceModel } from './case.ts';

const run = promisify(execFile);

const { values: flags } = parseArgs({
  options: {
    checkpoint: { type: 'string' },
    only: { type: 'string', multiple: true },
    keep: { type: 'string' },
  },
});

interface EngineCase {
  readonly name: string;
  readonly package: string;
  readonly options: Readonly<Record<string, unknown>>;
}

const ORACLE: EngineCase = { name: 'reference (float64)', package: '@tether/backend-reference', options: {} };
const ENGINES: readonly EngineCase[] = [
  { name: 'onnxruntime cpu', package: '@tether/backend-onnxruntime', options: {} },
  { name: 'onnxruntime webgpu', package: '@tether/backend-onnxruntime', options: { providers: ['webgpu'] } },
  { name: 'onnxruntime cuda', package: '@tether/backend-onnxruntime', options: { providers: ['cuda'] } },
  { name: 'xla cpu', package: '@tether/backend-xla', options: {} },
  { name: 'xla cpu, bf16 products', package: '@tether/backend-xla', options: { compute: 'bf16' } },
  { name: 'xla cuda', package: '@tether/backend-xla', options: { device: 'cuda' } },
  { name: 'tfjs node', package: '@tether/backend-tfjs', options: { engine: 'node' } },
  { name: 'tfjs wasm', package: '@tether/backend-tfjs', options: { engine: 'wasm' } },
  { name: 'tfjs cpu', package: '@tether/backend-tfjs', options: { engine: 'cpu' } },
];

interface Outcome {
  readonly losses: readonly number[];
  readonly seconds: number;
  readonly weights: string;
}

const folder = flags.keep === undefined ? mkdtempSync(join(tmpdir(), 'tether-conformance-')) : resolve(flags.keep);
mkdirSync(folder, { recursive: true });
const WORKER = join(import.meta.dirname, 'worker.ts');

interface ChildFailure {
  readonly code?: number | null;
  readonly signal?: string | null;
  readonly stderr?: string;
}

/** How the worker ended, with the last of what it said. */
function failureOf(error: unknown): string {
  const { code, signal, stderr = '' } = error as ChildFailure;
  const said = stderr.trim().split('\n').slice(-3).join(' / ');
  return `failed: ${signal ?? `exit code ${code}`}${said === '' ? '' : `: ${said}`}`;
}

async function train(engine: EngineCase, model: ConformanceModel): Promise<Outcome | string> {
  const output = join(
    folder,
    `${engine.name.replaceAll(/\W+/g, '-')}-${typeof model === 'string' ? model : 'checkpoint'}`,
  );
  if (![`${output}.json`, `${output}.safetensors`].every((path) => existsSync(path))) {
    const task = [engine.package, JSON.stringify(engine.options), JSON.stringify(model), output];
    try {
      await run(process.execPath, ['--conditions=@tether/source', WORKER, ...task], { maxBuffer: 2 ** 26 });
    } catch (error) {
      return failureOf(error);
    }
  }
  const made = JSON.parse(readFileSync(`${output}.json`, 'utf8')) as { unavailable?: string } & Omit<
    Outcome,
    'weights'
  >;
  return made.unavailable ?? { ...made, weights: `${output}.safetensors` };
}

/** Largest |a − b| over the largest |b| of each tensor. */
async function weightDifference(actual: string, oracle: string): Promise<{ name: string; error: number }> {
  const [ours, theirs] = [await openSafetensors(actual), await openSafetensors(oracle)];
  const errors: { name: string; error: number }[] = [];
  for (const name of theirs.tensors.keys()) {
    const [a, b] = [await ours.readFloat32(name), await theirs.readFloat32(name)];
    let [most, scale] = [0, 0];
    for (let index = 0; index < b.length; index++) {
      most = Math.max(most, Math.abs(a[index]! - b[index]!));
      scale = Math.max(scale, Math.abs(b[index]!));
    }
    errors.push({ name, error: most === 0 ? 0 : most / scale });
  }
  await ours.close();
  await theirs.close();
  return worstOf(errors);
}

async function table(title: string, model: ConformanceModel): Promise<void> {
  console.log(`\n### ${title}\n`);
  const oracle = await train(ORACLE, model);
  if (typeof oracle === 'string') throw new Error(oracle);
  console.log(
    `${ORACLE.name}: losses ${oracle.losses[0]!.toFixed(6)} → ${oracle.losses.at(-1)!.toFixed(6)}, ${oracle.seconds.toFixed(0)} s\n`,
  );
  console.log('| engine | losses, all 30 steps | final weights | in | seconds |\n| --- | --- | --- | --- | --- |');
  for (const engine of ENGINES) {
    if (flags.only !== undefined && !flags.only.includes(engine.name)) continue;
    const outcome = await train(engine, model);
    if (typeof outcome === 'string') {
      console.log(`| ${engine.name} | not here: ${outcome.split('\n').join(' ').slice(0, 160)} | | | |`);
      continue;
    }
    const loss = Math.max(
      ...oracle.losses.map((value, step) => Math.abs(outcome.losses[step]! - value) / Math.abs(value)),
    );
    const { name, error } = await weightDifference(outcome.weights, oracle.weights);
    console.log(
      `| ${engine.name} | ${loss.toExponential(1)} | ${error.toExponential(1)} | ${name} | ${outcome.seconds.toFixed(1)} |`,
    );
  }
}

await table('15 M shape cut to two layers', 'tiny15');
if (flags.checkpoint !== undefined) await table(`checkpoint`, { folder: resolve(flags.checkpoint) });
if (flags.keep === undefined) rmSync(folder, { recursive: true });
