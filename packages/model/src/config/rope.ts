import { z } from 'zod';
import { positiveInteger, positiveNumber, supported } from './fields.ts';

/** Rotary position embedding: the base of the frequencies and how they are stretched for longer contexts. */
export type RopeConfig =
  | { readonly type: 'default'; readonly theta: number }
  | { readonly type: 'linear'; readonly theta: number; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly theta: number;
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalMaxPositionEmbeddings: number;
    };

const DEFAULT_THETA = 10_000;

const theta = positiveNumber.optional();
const variants = {
  default: z.object({ rope_theta: theta }),
  linear: z.object({ rope_theta: theta, factor: positiveNumber }),
  llama3: z.object({
    rope_theta: theta,
    factor: positiveNumber,
    low_freq_factor: positiveNumber,
    high_freq_factor: positiveNumber,
    original_max_position_embeddings: positiveInteger.optional(),
  }),
} as const;

const ropeType = supported('default', 'linear', 'llama3');

/** The fields of a config.json that concern RoPE, in the forms of transformers 4 and 5. */
interface RopeFields {
  readonly rope_theta?: number | null | undefined; // transformers 4
  readonly rope_scaling?: Readonly<Record<string, unknown>> | null | undefined; // transformers 4
  readonly rope_parameters?: Readonly<Record<string, unknown>> | null | undefined; // transformers 5
  readonly max_position_embeddings: number;
}

/** The zod fields that `readRope` needs beside `max_position_embeddings`. */
export const ropeFields = {
  rope_theta: positiveNumber.nullish(),
  rope_scaling: z.record(z.string(), z.unknown()).nullish(),
  rope_parameters: z.record(z.string(), z.unknown()).nullish(),
};

/**
 * Reads either form. As in transformers, `rope_scaling` comes before `rope_parameters`, a base inside them before `rope_theta`.
 * Problems are reported through `report` with the path of the field.
 */
export function readRope(fields: RopeFields, report: (path: PropertyKey[], message: string) => void): RopeConfig {
  const field = fields.rope_scaling ? 'rope_scaling' : 'rope_parameters';
  const raw = fields[field] ?? {};
  const fallback: RopeConfig = { type: 'default', theta: fields.rope_theta ?? DEFAULT_THETA };
  const fail = (error: z.ZodError, at: PropertyKey[]): RopeConfig => {
    for (const issue of error.issues) report([field, ...at, ...issue.path], issue.message);
    return fallback;
  };
  const type = ropeType.safeParse(raw['rope_type'] ?? raw['type'] ?? 'default');
  if (!type.success) return fail(type.error, ['rope_type']);
  const read = VARIANT_READERS[type.data](raw, fields.rope_theta ?? DEFAULT_THETA, fields.max_position_embeddings);
  return 'issues' in read ? fail(read, []) : read;
}

type VariantReader = (raw: unknown, theta: number, maxPositions: number) => RopeConfig | z.ZodError;

const VARIANT_READERS: { readonly [T in RopeConfig['type']]: VariantReader } = {
  default: (raw, theta) => {
    const { data, error } = variants.default.safeParse(raw);
    return error ?? { type: 'default', theta: data.rope_theta ?? theta };
  },
  linear: (raw, theta) => {
    const { data, error } = variants.linear.safeParse(raw);
    return error ?? { type: 'linear', theta: data.rope_theta ?? theta, factor: data.factor };
  },
  llama3: (raw, theta, maxPositions) => {
    const { data, error } = variants.llama3.safeParse(raw);
    return (
      error ?? {
        type: 'llama3',
        theta: data.rope_theta ?? theta,
        factor: data.factor,
        lowFreqFactor: data.low_freq_factor,
        highFreqFactor: data.high_freq_factor,
        originalMaxPositionEmbeddings: data.original_max_position_embeddings ?? maxPositions,
      }
    );
  },
};

/** `rope_theta` and `rope_scaling` as transformers 4 writes them; transformers 5 reads them too. */
export function ropeJson(rope: RopeConfig): Record<string, unknown> {
  const scaling = {
    default: () => null,
    linear: () => rope.type === 'linear' && { rope_type: 'linear', factor: rope.factor },
    llama3: () =>
      rope.type === 'llama3' && {
        rope_type: 'llama3',
        factor: rope.factor,
        low_freq_factor: rope.lowFreqFactor,
        high_freq_factor: rope.highFreqFactor,
        original_max_position_embeddings: rope.originalMaxPositionEmbeddings,
      },
  }[rope.type]();
  return { rope_theta: rope.theta, rope_scaling: scaling };
}

/**
 * The angle per position of each pair of head dimensions, in float64: θ_i = base^(−2i/headDim), i = 0 … headDim/2 − 1
 * (RoFormer, arXiv 2104.09864, §3.2), stretched as the variant says.
 */
export function inverseFrequencies(rope: RopeConfig, headDim: number): Float64Array {
  const plain = Float64Array.from({ length: headDim / 2 }, (_, i) => rope.theta ** ((-2 * i) / headDim));
  if (rope.type === 'default') return plain;
  if (rope.type === 'linear') return plain.map((frequency) => frequency / rope.factor);
  return plain.map((frequency) => stretchLlama3(frequency, rope));
}

/**
 * Llama 3.1's variant: frequencies that turn less than `lowFreqFactor` times within the original context are divided by
 * `factor`, those that turn more than `highFreqFactor` times stay, and those between are blended linearly in their turns.
 */
function stretchLlama3(frequency: number, rope: Extract<RopeConfig, { type: 'llama3' }>): number {
  const turns = (rope.originalMaxPositionEmbeddings * frequency) / (2 * Math.PI);
  const blend = (turns - rope.lowFreqFactor) / (rope.highFreqFactor - rope.lowFreqFactor);
  const kept = Math.min(1, Math.max(0, blend));
  return kept * frequency + (1 - kept) * (frequency / rope.factor);
}
