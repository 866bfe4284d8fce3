import type { EncodedRow, HostArray, HostBatch } from '@tether/core';
import { collate, planBuckets } from '@tether/data';
import { languageModel, modelParameters, parseModelConfig, type ModelConfig } from '@tether/model';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hashedUniform } from './discriminators.ts';
import { readGolden } from './files.ts';
import type { GoldenModel } from './policy.ts';
import type { TensorSummary } from './summary.ts';

interface GoldenPair {
  readonly prompt: readonly number[];
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
}

/** What tools/goldens/architectures.py writes of one small model. */
export interface ArchitectureGolden {
  readonly config: Readonly<Record<string, unknown>>;
  readonly pad_id: number;
  /** One row and its logits [T][V] by transformers in float32. */
  readonly row: readonly number[];
  readonly logits: readonly (readonly number[])[];
  /** Hidden states after the final norm at the row's last place, [H], in float64. */
  readonly hidden: readonly number[];
  readonly prompt: readonly number[];
  /** The greedy continuation of the prompt by transformers. */
  readonly greedy: readonly number[];
  readonly pairs: readonly GoldenPair[];
  readonly beta: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly gradients: Readonly<Record<string, TensorSummary>>;
}

const FOLDER = 'architectures';

/** Names of the small models, for example `gemma2`. */
export const architectureNames = (): string[] =>
  readdirSync(join(resolve(import.meta.dirname, '../../goldens/out'), FOLDER))
    .map((file) => file.replace(/\.json$/, ''))
    .sort();

export const architectureGolden = (name: string): ArchitectureGolden =>
  readGolden(`${FOLDER}/${name}.json`) as ArchitectureGolden;

/** Tensor number of the reference's first weight; the policy's is 0. */
const REFERENCE = 1000;

/** The model of a golden with the weights of its formula, which float32 holds exactly. */
export function architectureModel(golden: ArchitectureGolden): GoldenModel & { readonly config: ModelConfig } {
  const config = parseModelConfig(golden.config);
  return {
    config,
    model: languageModel(config),
    policy: formulaWeights(config, 0),
    reference: formulaWeights(config, REFERENCE),
  };
}

function formulaWeights(config: ModelConfig, first: number): Map<string, HostArray> {
  const specs = modelParameters(config).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return new Map(
    specs.map(({ name, shape }, number) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      const valueOf = formula(name, shape, config.modelType.startsWith('gemma'));
      return [
        name,
        Float64Array.from({ length: size }, (_, i) => Math.fround(valueOf(hashedUniform(first + number, i)))),
      ];
    }),
  );
}

function formula(name: string, shape: readonly number[], offsetNorms: boolean): (r: number) => number {
  if (shape.length === 2) {
    const spread = Math.sqrt(3 / shape[1]!);
    return (r) => r * spread * 1.5;
  }
  const center = name.endsWith('weight') && !offsetNorms ? 1 : 0;
  return (r) => r * 0.3 + center;
}

/** The golden's pairs as prompt-once rows of one batch. */
export function architectureBatch({ pairs, pad_id: padTokenId }: ArchitectureGolden): HostBatch {
  const rows = pairs.map(({ prompt, chosen, rejected }, index): EncodedRow => ({
    rowNumber: index + 1,
    prompt: Int32Array.from(prompt),
    completions: [Int32Array.from(chosen), Int32Array.from(rejected)],
  }));
  const { buckets } = planBuckets(rows, 'compact', { max_count: 1, multiple_of: 1 });
  return collate(rows, { ...buckets[0]!, rows: rows.length }, { layout: 'compact', padTokenId });
}
