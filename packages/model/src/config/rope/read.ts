import { z } from 'zod';
import { positiveInteger, positiveNumber, supported, type Report } from '../fields.ts';
import type { RopeConfig, RopeOf, RopeType } from './types.ts';

const DEFAULT_THETA = 10_000;

/** The fields of a config.json that concern RoPE, in the forms of transformers 4 and 5. */
export interface RopeFields {
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

/** An object of RoPE options and where in the file it stands. */
export interface RopeSource {
  readonly path: readonly PropertyKey[];
  readonly raw: Readonly<Record<string, unknown>>;
}

/** As in transformers, `rope_scaling` comes before `rope_parameters`. */
export function ropeSource(fields: RopeFields): RopeSource {
  const field = fields.rope_scaling ? 'rope_scaling' : 'rope_parameters';
  return { path: [field], raw: fields[field] ?? {} };
}

export interface ReadRopeOptions {
  readonly source?: RopeSource;
  readonly theta?: number;
  /** Other names of types, for example `su` of early Phi-3 configs. */
  readonly aliases?: Readonly<Record<string, RopeType>>;
  /** The original context where the file gives it outside the RoPE options, which then counts. */
  readonly originalMaxPositions?: number | undefined;
  /** Whether the architecture may turn a part of each head only (`partial_rotary_factor`). */
  readonly partial?: boolean;
}

/** Reads either form; a base inside the options comes before `rope_theta`. Problems are reported with the path of the field. */
export function readRope(fields: RopeFields, report: Report, options: ReadRopeOptions = {}): RopeConfig {
  const { path, raw } = options.source ?? ropeSource(fields);
  const theta = fields.rope_theta ?? options.theta ?? DEFAULT_THETA;
  const fail = (error: z.ZodError, at: readonly PropertyKey[]): RopeConfig => {
    for (const issue of error.issues) report([...path, ...at, ...issue.path], issue.message);
    return { type: 'default', theta };
  };
  const named = raw['rope_type'] ?? raw['type'] ?? 'default';
  if (named === 'dynamic') {
    report([...path, 'rope_type'], DYNAMIC);
    return { type: 'default', theta };
  }
  const type = ropeType.safeParse(typeof named === 'string' ? (options.aliases?.[named] ?? named) : named);
  if (!type.success) return fail(type.error, ['rope_type']);
  const whole = options.partial === true ? undefined : wholeHeads.safeParse(raw).error;
  if (whole !== undefined) return fail(whole, []);
  const context = {
    theta,
    maxPositions: fields.max_position_embeddings,
    originalMaxPositions: options.originalMaxPositions,
  };
  const read = VARIANT_READERS[type.data](raw, context);
  return 'issues' in read ? fail(read, []) : read;
}

const ropeType = supported('default', 'linear', 'llama3', 'yarn', 'longrope');
const wholeHeads = z.object({ partial_rotary_factor: supported(1).nullish() });

const DYNAMIC =
  '"dynamic" is not supported: its frequencies depend on the longest row that the model has seen, ' +
  'so that equal rows would not get equal numbers';

interface ReadContext {
  readonly theta: number;
  readonly maxPositions: number;
  readonly originalMaxPositions: number | undefined;
}
type VariantReader<R> = (raw: unknown, context: ReadContext) => R | z.ZodError;

const base = { rope_theta: positiveNumber.optional() };
const originalMax = { original_max_position_embeddings: positiveInteger.nullish() };
const factorList = z.array(positiveNumber).min(1);

/** A reader from a schema of the options and a function that names its results. */
function variant<S extends z.ZodObject, R>(
  schema: S,
  build: (data: z.output<S>, theta: number, original: number, maxPositions: number) => R,
): VariantReader<R> {
  return (raw, { theta, maxPositions, originalMaxPositions }) => {
    const { data, error } = schema.safeParse(raw);
    if (error !== undefined) return error;
    const own = data as { rope_theta?: number; original_max_position_embeddings?: number | null }; // of `base`, `originalMax`
    const original = originalMaxPositions ?? own.original_max_position_embeddings ?? maxPositions;
    return build(data, own.rope_theta ?? theta, original, maxPositions);
  };
}

const VARIANT_READERS: { readonly [T in RopeType]: VariantReader<RopeOf<T>> } = {
  default: variant(z.object(base), (_, theta) => ({ type: 'default', theta })),
  linear: variant(z.object({ ...base, factor: positiveNumber }), ({ factor }, theta) => ({
    type: 'linear',
    theta,
    factor,
  })),
  llama3: variant(
    z.object({
      ...base,
      ...originalMax,
      factor: positiveNumber,
      low_freq_factor: positiveNumber,
      high_freq_factor: positiveNumber,
    }),
    (data, theta, originalMaxPositionEmbeddings) => ({
      type: 'llama3',
      theta,
      factor: data.factor,
      lowFreqFactor: data.low_freq_factor,
      highFreqFactor: data.high_freq_factor,
      originalMaxPositionEmbeddings,
    }),
  ),
  yarn: variant(
    z.object({
      ...base,
      ...originalMax,
      factor: positiveNumber.nullish(),
      attention_factor: positiveNumber.nullish(),
      mscale: z.number().nullish(),
      mscale_all_dim: z.number().nullish(),
      beta_fast: positiveNumber.nullish(),
      beta_slow: positiveNumber.nullish(),
      truncate: z.boolean().nullish(),
    }),
    (data, theta, originalMaxPositionEmbeddings, maxPositions) => {
      const factor = data.factor ?? maxPositions / originalMaxPositionEmbeddings;
      return {
        type: 'yarn',
        theta,
        factor,
        attentionFactor: data.attention_factor ?? yarnAttentionFactor(factor, data.mscale, data.mscale_all_dim),
        betaFast: data.beta_fast ?? 32,
        betaSlow: data.beta_slow ?? 1,
        originalMaxPositionEmbeddings,
        truncate: data.truncate ?? true,
      };
    },
  ),
  longrope: variant(
    z.object({
      ...base,
      ...originalMax,
      short_factor: factorList,
      long_factor: factorList,
      factor: positiveNumber.nullish(),
      attention_factor: positiveNumber.nullish(),
    }),
    (data, theta, originalMaxPositionEmbeddings, maxPositions) => {
      const factor = data.factor ?? maxPositions / originalMaxPositionEmbeddings;
      return {
        type: 'longrope',
        theta,
        shortFactor: data.short_factor,
        longFactor: data.long_factor,
        attentionFactor: data.attention_factor ?? longropeAttentionFactor(factor, originalMaxPositionEmbeddings),
        originalMaxPositionEmbeddings,
      };
    },
  ),
};

/** YaRN, arXiv 2309.00071, eq. 22; with two scales as DeepSeek writes them, their ratio. */
function yarnAttentionFactor(factor: number, scale?: number | null, scaleOfAll?: number | null): number {
  const of = (by: number): number => (factor <= 1 ? 1 : 0.1 * by * Math.log(factor) + 1);
  return scale && scaleOfAll ? of(scale) / of(scaleOfAll) : of(1);
}

/** LongRoPE, arXiv 2402.13753, §3.3. */
const longropeAttentionFactor = (factor: number, originalMaxPositions: number): number =>
  factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalMaxPositions));
