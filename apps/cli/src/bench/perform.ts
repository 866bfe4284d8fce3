import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { toPlainError } from '../output/errors.ts';
import { inChild, workerBeside } from '../run/inChild.ts';
import { SHAPES } from './shapes.ts';
import type { GenerationWork, Measurement, PeerWork, StepWork, Work } from './work.ts';

const run = promisify(execFile);

export interface PerformOptions {
  /** Interpreter of the environment that holds the peers. */
  readonly python: string | undefined;
  readonly signal: AbortSignal;
}

/** Not done, and why. */
export interface Failure {
  readonly failure: string;
}

const inWorker =
  (name: string) =>
  (work: StepWork | GenerationWork, { signal }: PerformOptions): Promise<Measurement> =>
    inChild<never, Measurement>(workerBeside(import.meta.url, name), work, { signal, what: 'the measurement' });

const peerScript = (name: string): string => fileURLToPath(new URL(`../../peers/${name}.py`, import.meta.url));

async function byPeer(work: PeerWork, { python, signal }: PerformOptions): Promise<Measurement> {
  if (python === undefined) throw new Error('needs --python, an environment with torch, transformers, trl and peft');
  const sizes = { prompt: work.prompt, completion: work.completion, steps: work.steps };
  const own = work.script === 'trl_dpo' ? { pairs: work.pairs, lora: work.lora } : { batch: work.pairs };
  const flags = Object.entries({ config: JSON.stringify(SHAPES[work.shape]), ...sizes, ...own });
  const { stdout } = await run(
    python,
    [peerScript(work.script), ...flags.flatMap(([name, value]) => [`--${name}`, String(value)])],
    { signal, maxBuffer: 2 ** 26 },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Measurement; // as the scripts print it
}

const PERFORM: {
  readonly [Kind in Work['kind']]: (
    work: Extract<Work, { kind: Kind }>,
    options: PerformOptions,
  ) => Promise<Measurement>;
} = {
  step: inWorker('stepWorker'),
  generation: inWorker('generationWorker'),
  peer: byPeer,
};

/** Does the work in a process of its own. What cannot be done is told, and does not end the benchmark. */
export async function perform(work: Work, options: PerformOptions): Promise<Measurement | Failure> {
  try {
    // The table is indexed by the work's own kind, which TypeScript cannot follow through the union.
    return await (PERFORM[work.kind] as (work: Work, options: PerformOptions) => Promise<Measurement>)(work, options);
  } catch (error) {
    const { message } = toPlainError(error);
    const stderr = (error as { stderr?: unknown }).stderr;
    const last = typeof stderr === 'string' ? stderr.trim().split('\n').at(-1) : undefined;
    return { failure: last === undefined || last === '' ? message : last };
  }
}
