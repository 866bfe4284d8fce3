/** How the next token is chosen. */
export interface SamplingOptions {
  /** Divides the logits; 0 takes the likeliest token. Default 1. */
  readonly temperature?: number;
  /** Only the likeliest tokens that together have at least this probability (Holtzman et al. 2020). Default 1: all. */
  readonly topP?: number;
  /** Only this many of the likeliest tokens. Default 0: all. */
  readonly topK?: number;
}

export interface SampledToken {
  readonly token: number;
  /** log p(token) under the model itself: before temperature, top-k and top-p. */
  readonly logp: number;
}

export function checkSampling({ temperature = 1, topP = 1, topK = 0 }: SamplingOptions): Required<SamplingOptions> {
  if (!(temperature >= 0 && Number.isFinite(temperature))) {
    throw new RangeError(`the temperature must be a finite number of at least 0, not ${temperature}`);
  }
  if (!(topP > 0 && topP <= 1)) throw new RangeError(`topP must be above 0 and at most 1, not ${topP}`);
  if (!Number.isInteger(topK) || topK < 0)
    throw new RangeError(`topK must be a whole number of at least 0, not ${topK}`);
  return { temperature, topP, topK };
}

type Logits = ArrayLike<number>;

/**
 * Chooses a token from logits [V], in float64. As in transformers, the order is temperature, top-k, top-p.
 *
 * Plain loops: with a vocabulary of 50,000 and a batch of rows this runs as long as the model's own step otherwise.
 *
 * @param uniform a number of [0, 1): the only randomness
 * @throws RangeError when a logit is NaN or none is finite
 */
export function sampleToken(logits: Logits, options: Required<SamplingOptions>, uniform: number): SampledToken {
  const likeliest = argMax(logits);
  const largest = logits[likeliest]!;
  const { temperature, topP, topK } = options;
  const plain = exponentials(logits, largest, 1);
  const chooses = temperature > 0 && topK !== 1;
  const scaled = chooses && temperature !== 1 ? exponentials(logits, largest, temperature) : plain;
  const token = !chooses
    ? likeliest
    : topK === 0 && topP === 1
      ? pick(scaled, undefined, uniform)
      : pick(scaled, candidates(scaled, topK, topP), uniform);
  return { token, logp: logits[token]! - largest - Math.log(plain.total) };
}

/** The first index of the largest logit. */
function argMax(logits: Logits): number {
  let best = 0;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token]!;
    if (Number.isNaN(logit)) throw new RangeError(`the logit of token ${token} is not a number`);
    if (logit > logits[best]!) best = token;
  }
  if (!Number.isFinite(logits[best]!)) throw new RangeError(`the largest logit, of token ${best}, is ${logits[best]}`);
  return best;
}

/** Probabilities up to a common factor: the likeliest token has weight 1. */
interface Weights {
  readonly values: Float64Array; // [V]
  readonly total: number;
}

function exponentials(logits: Logits, largest: number, temperature: number): Weights {
  const values = new Float64Array(logits.length);
  let total = 0;
  for (let token = 0; token < values.length; token++) {
    total += values[token] = Math.exp((logits[token]! - largest) / temperature);
  }
  return { values, total };
}

/** Tokens that top-k and top-p leave, likeliest first; of equal ones, the lower id first. */
function candidates(weights: Weights, topK: number, topP: number): number[] {
  const { values, total } = weights;
  const isCut = topK > 0 && topK < values.length;
  // Only the tokens that can be needed are sorted by rank. Tokens below (1 − topP)/V have less than 1 − topP together.
  const least = isCut ? values.toSorted()[values.length - topK]! : topP < 1 ? ((1 - topP) * total) / values.length : 0;
  const sorted: number[] = [];
  for (let token = 0; token < values.length; token++) if (values[token]! >= least) sorted.push(token);
  sorted.sort((a, b) => values[b]! - values[a]! || a - b);
  const kept = isCut ? sorted.slice(0, topK) : sorted;
  if (topP === 1) return kept;
  const mass = isCut ? kept.reduce((sum, token) => sum + values[token]!, 0) : total;
  let covered = 0;
  const last = kept.findIndex((token) => (covered += values[token]!) >= topP * mass);
  return last < 0 ? kept : kept.slice(0, last + 1);
}

/** The token, of `tokens` or else of all, at which the running sum of weights passes `uniform` of the whole. */
function pick({ values, total }: Weights, tokens: readonly number[] | undefined, uniform: number): number {
  const mass = tokens === undefined ? total : tokens.reduce((sum, token) => sum + values[token]!, 0);
  const count = tokens?.length ?? values.length;
  let left = uniform * mass;
  let last = 0;
  for (let index = 0; index < count; index++) {
    const token = tokens?.[index] ?? index;
    if (values[token] === 0) continue;
    last = token;
    left -= values[token]!;
    if (left < 0) break;
  }
  return last;
}
