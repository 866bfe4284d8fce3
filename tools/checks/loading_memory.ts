/**
 * Measures the peak memory of loading a checkpoint tensor by tensor: it should be the weights and at most one shard more.
 *
 * Usage: loading_memory.ts [MILLIONS] [SHARDS]    parameters in millions (default 200), shards (default 4)
 *
 * For each dtype a model of random weights is saved in shards (itself streamed: the tensor being written is all that is
 * held), then a fresh process loads it as the command does. Both report their peak resident memory beyond what Node and the
 * package take before. Linux only, since the peak is read from the kernel.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkParameters,
  loadModelConfig,
  modelConfigJson,
  modelParameters,
  openCheckpoint,
  parseModelConfig,
  saveCheckpoint,
} from '@tether/model';

const MB = 1e6;
const peak = (): number => process.resourceUsage().maxRSS * 1024; // the kernel counts in KiB
const report = (before: number): void => void process.stdout.write(JSON.stringify({ peak: peak() - before }));

/** A Llama of about that many parameters with an ordinary share of embeddings. */
const configOf = (millions: number) =>
  parseModelConfig({
    model_type: 'llama',
    vocab_size: 32_000,
    hidden_size: 1024,
    intermediate_size: 2816,
    num_hidden_layers: Math.max(1, Math.round((millions - 65.5) / 12.8)),
    num_attention_heads: 16,
  });

async function save(folder: string, millions: number, dtype: 'F32' | 'BF16' | 'F16', maxShardBytes: number) {
  const before = peak();
  const config = configOf(millions);
  const tensors = modelParameters(config).map(({ name, shape }) => ({
    name,
    shape,
    data: () => new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.01),
  }));
  await saveCheckpoint(folder, { config: modelConfigJson(config), tensors, dtype, maxShardBytes, overwrite: true });
  report(before);
}

async function load(folder: string) {
  const before = peak();
  const { config } = await loadModelConfig(folder);
  const reader = await openCheckpoint(folder);
  await checkParameters(reader, config);
  const weights = new Map<string, Float32Array>();
  for (const { name } of modelParameters(config)) weights.set(name, await reader.read(name));
  await reader.close();
  report(before);
}

function measure(...args: (string | number)[]): number {
  const nodeArguments = ['--conditions=@tether/source', import.meta.filename, ...args.map(String)];
  const output = execFileSync(process.execPath, nodeArguments, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return (JSON.parse(output) as { peak: number }).peak;
}

function main(millions: number, shards: number): void {
  const count = modelParameters(configOf(millions)).reduce(
    (sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1),
    0,
  );
  const weights = 4 * count; // float32 in memory, whatever the file holds
  for (const [dtype, bytes] of [
    ['F32', 4],
    ['BF16', 2],
    ['F16', 2],
  ] as const) {
    const folder = mkdtempSync(join(tmpdir(), 'tether-loading-'));
    const shard = Math.ceil((bytes * count) / shards);
    try {
      const saving = measure('save', folder, millions, dtype, shard);
      const loading = measure('load', folder);
      const verdict = loading <= weights + shard ? 'within' : 'BEYOND';
      console.log(
        `${dtype}: weights ${(weights / MB).toFixed(0)} MB in memory, shards of ${(shard / MB).toFixed(0)} MB; ` +
          `loading peaked at ${(loading / MB).toFixed(0)} MB (${verdict} weights + one shard), ` +
          `saving at ${(saving / MB).toFixed(0)} MB`,
      );
      if (loading > weights + shard) process.exitCode = 1;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

const [task = '200', ...rest] = process.argv.slice(2);
if (task === 'save') await save(rest[0]!, Number(rest[1]), rest[2] as 'F32' | 'BF16' | 'F16', Number(rest[3]));
else if (task === 'load') await load(rest[0]!);
else main(Number(task), Number(rest[0] ?? 4));
