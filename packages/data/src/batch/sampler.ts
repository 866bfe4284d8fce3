import { randomKey, randomPermutation } from '../random.ts';

/** Place of a filler row in a step's row list. */
export const FILLER = -1;

export interface SamplerOptions {
  /** Bucket of each row: rows of one step share a bucket. */
  readonly bucketOfRow: readonly number[];
  /** Rows of one optimizer step: rows of a batch × accumulated batches. */
  readonly rowsPerStep: number;
  readonly seed: number;
  /** false: rows in their order, bucket after bucket (for evaluation). Default true. */
  readonly shuffle?: boolean;
}

/** Which rows one optimizer step trains on. */
export interface StepRows {
  readonly epoch: number; // from 0
  readonly bucket: number;
  /** Indices of rows, always `rowsPerStep` of them; FILLER where the bucket's rows ran out. */
  readonly rows: readonly number[];
}

export interface Sampler {
  readonly stepsPerEpoch: number;
  /** Rows of optimizer step `step` (from 0): a pure function of the options and `step`. */
  step(step: number): StepRows;
}

// Streams of the sampler's random numbers, apart from those of other uses of the same seed.
const ROW_ORDER = 0x726f7773;
const STEP_ORDER = 0x73746570;

/** The rows of each bucket; a bucket without rows has none. */
function groupByBucket(bucketOfRow: readonly number[]): number[][] {
  const groups = Array.from(
    { length: bucketOfRow.reduce((most, bucket) => Math.max(most, bucket), 0) + 1 },
    (): number[] => [],
  );
  for (const [row, bucket] of bucketOfRow.entries()) groups[bucket]!.push(row);
  return groups;
}

/** All steps of one epoch: each bucket's rows in random order, then the steps of all buckets in random order. */
export function epochSteps(options: SamplerOptions, epoch: number): StepRows[] {
  const { rowsPerStep, seed, shuffle = true } = options;
  const steps = groupByBucket(options.bucketOfRow).flatMap((group, bucket) => {
    const order = shuffle ? randomPermutation(randomKey(seed, ROW_ORDER, epoch, bucket), group.length) : group.keys();
    const rows = Array.from(order, (place) => group[place]!);
    return Array.from({ length: Math.ceil(rows.length / rowsPerStep) }, (_, index) => {
      const own = rows.slice(index * rowsPerStep, (index + 1) * rowsPerStep);
      const fillers = Array<number>(rowsPerStep - own.length).fill(FILLER);
      return { epoch, bucket, rows: [...own, ...fillers] };
    });
  });
  if (!shuffle) return steps;
  return randomPermutation(randomKey(seed, STEP_ORDER, epoch), steps.length).map((place) => steps[place]!);
}

/**
 * Deterministic sampler: every row once per epoch, none dropped; a bucket's last step is filled with FILLER.
 * To resume at step k, ask for step k: the only thing remembered is the current epoch's order, as a cache.
 * Accumulating A batches of B rows gives the same steps as one batch of A·B.
 */
export function createSampler(options: SamplerOptions): Sampler {
  if (options.bucketOfRow.length === 0) throw new RangeError('a sampler needs at least one row');
  if (!Number.isInteger(options.rowsPerStep) || options.rowsPerStep < 1)
    throw new RangeError('rowsPerStep must be 1 or more');
  let cached = { epoch: 0, steps: epochSteps(options, 0) };
  const stepsPerEpoch = cached.steps.length;
  return {
    stepsPerEpoch,
    step(step) {
      if (!Number.isInteger(step) || step < 0) throw new RangeError(`step must be 0 or more, got ${step}`);
      const epoch = Math.floor(step / stepsPerEpoch);
      if (cached.epoch !== epoch) cached = { epoch, steps: epochSteps(options, epoch) };
      return cached.steps[step % stepsPerEpoch]!;
    },
  };
}
