import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';

const COMMAND = fileURLToPath(new URL('../../bin/tether.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** Starts the real command in a process group of its own. */
export function startTether(args: readonly string[], cwd: string): Started {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd,
    detached: true,
    // Nx forces colours on what it runs; Node warns where both are set.
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => (text[stream] += chunk));
  }
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, ...text });
    });
  });
  return { child, finished };
}

export const tether = (args: readonly string[], cwd: string): Promise<Finished> => startTether(args, cwd).finished;

/** Sends a signal to the command and every process that it started. */
export const signalGroup = ({ child }: Started, signal: NodeJS.Signals): boolean => process.kill(-child.pid!, signal);

/** A temporary folder, and how to remove it. */
export async function temporaryFolder(): Promise<{ readonly folder: string; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'tether-cli-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Resolves when `path` has `count` lines. Fails when the command ends before. */
export async function untilLines({ child }: Started, path: string, count: number): Promise<void> {
  while (!existsSync(path) || readFileSync(path, 'utf8').split('\n').length <= count) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the command ended before step ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export const ARCHITECTURE = {
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 64,
  tie_word_embeddings: true,
};

/** The smallest config with everything that a checkpoint has to hold: opponents with dropout, KL, accumulation. */
export const TINY = {
  name: 'tiny',
  model: {
    pretrain: {
      architecture: ARCHITECTURE,
      data: { synthetic: { rows: 'pretraining', count: 64, eval_count: 4 } },
      training: { learning_rate: 0.003, per_device_train_batch_size: 8, max_steps: 2 },
    },
  },
  data: { synthetic: { rows: 'pairs', count: 64, eval_count: 8, label_noise: 0.1 } },
  objective: { name: 'dpo', beta: 0.1 },
  regularizers: [
    { name: 'ganpo', width: 16, heads: 2, max_positions: 64, dropout: 0.1 },
    { name: 'kl', weight: 0.1 },
  ],
  training: {
    learning_rate: 0.0005,
    per_device_train_batch_size: 4,
    gradient_accumulation_steps: 2,
    max_steps: 8,
    eval_steps: 3,
    save_steps: 2,
  },
  evaluation: { prompts: 2, max_new_tokens: 4, prompts_during_training: 2, temperatures: [1], sample_answers: 1 },
} as const;

export async function writeConfig(folder: string, name: string, config: unknown): Promise<string> {
  await writeFile(join(folder, name), typeof config === 'string' ? config : stringify(config));
  return name;
}
