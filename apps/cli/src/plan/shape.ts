import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { needsOf, type BatchShape } from '@tether/core';
import { createSampler, planBuckets } from '@tether/data';
import type { ResolvedPlugins } from '../config/resolvePlugins.ts';
import type { RunConfig } from '../config/runSchema.ts';
import { planRows } from '../run/batches.ts';
import { loadDataFor } from '../run/dataPreview.ts';
import { RunError } from '../run/prepare.ts';

export interface PlannedShape {
  /** The largest bucket: what memory has to hold. */
  readonly bucket: Omit<BatchShape, 'rows'>;
  readonly stepsPerEpoch: number;
  /** Where the lengths come from, in words. */
  readonly lengths: string;
}

export interface AssumedSizes {
  readonly rows?: number;
  readonly prompt?: number;
  readonly completion?: number;
}

const filesOf = ({ data }: RunConfig): readonly string[] => {
  const { files } = data as { readonly files?: string | readonly string[] };
  return files === undefined ? [] : typeof files === 'string' ? [files] : files;
};

/** The sizes of a run's data: its own where its files are at hand, else those that are given or follow from the limits. */
export async function plannedShape(
  config: RunConfig,
  plugins: ResolvedPlugins,
  baseFolder: string,
  assumed: AssumedSizes,
): Promise<PlannedShape> {
  const perStep = config.training.per_device_train_batch_size * config.training.gradient_accumulation_steps;
  const layout = needsOf(plugins).has('paddedViews') ? 'padded' : 'compact';
  const mostTokens = config.data.max_length ?? Infinity; // the model's own limit, too, in a run
  const missing = filesOf(config).filter((file) => !existsSync(isAbsolute(file) ? file : resolve(baseFolder, file)));
  const isAssumed = missing.length > 0 || assumed.prompt !== undefined || assumed.completion !== undefined;
  if (!isAssumed) {
    const { train, eval: held } = await loadDataFor(config, baseFolder);
    const { buckets, bucketOfRow } = planRows(train, held, layout, config.data.buckets, mostTokens).trainPlan;
    const { stepsPerEpoch } = createSampler({ bucketOfRow, rowsPerStep: perStep, seed: 0 });
    const largest = bucketOfRow.reduce((most, bucket) => Math.max(most, bucket), 0);
    return { bucket: buckets[largest]!, stepsPerEpoch, lengths: `its ${train.length} training rows` };
  }
  const { prompt, completion } = assumedLengths(config, assumed);
  const { rows } = assumed;
  if (rows === undefined) {
    throw new RunError(
      `the data is not at hand (${missing.join(', ')}): give --rows, and --prompt and --completion where they are known`,
    );
  }
  const row = { prompt: new Int32Array(prompt), completions: [new Int32Array(completion), new Int32Array(completion)] };
  const { buckets } = planBuckets([{ ...row, rowNumber: 1 }], layout, { max_count: 1, multiple_of: 1 }, mostTokens);
  return {
    bucket: buckets[0]!,
    stepsPerEpoch: Math.ceil(rows / perStep),
    lengths: `${rows} assumed rows of ${prompt} + ${completion} + ${completion} tokens`,
  };
}

function assumedLengths(
  config: RunConfig,
  { prompt, completion }: AssumedSizes,
): { prompt: number; completion: number } {
  if (prompt !== undefined && completion !== undefined) return { prompt, completion };
  const limit = config.data.max_length;
  if (limit === null) {
    throw new RunError('the data is not at hand and data.max_length is not set: give --prompt and --completion');
  }
  for (const [option, length] of Object.entries({ prompt, completion })) {
    if (length === undefined || length < limit) continue;
    throw new RunError(
      `--${option} ${length} leaves no room for the rest of a row, of data.max_length ${limit} in all: give --prompt and --completion both, or a larger --set data.max_length`,
    );
  }
  if (prompt !== undefined) return { prompt, completion: limit - prompt };
  if (completion !== undefined) return { prompt: limit - completion, completion };
  const half = config.data.max_prompt_length ?? Math.floor(limit / 2);
  return { prompt: half, completion: limit - half };
}
