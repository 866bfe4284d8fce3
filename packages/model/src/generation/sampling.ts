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
 * @param uniform a number of [0, 1): the only randomness
 * @throws RangeError when a logit is NaN or none is finite
 */
export function sampleToken(logits: Logits, options: Required<SamplingOptions>, uniform: number): SampledToken {
  const likeliest = argMax(logits);
  const largest = logits[likeliest]!;
  const logpOf = (token: number): number => logits[token]! - largest - Math.log(sumOfExponentials(logits, largest));
  const { temperature, topP, topK } = options;
  if (temperature === 0 || topK === 1) return { token: likeliest, logp: logpOf(likeliest) };
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature)); // likeliest: 1
  const token =
    topK === 0 && topP === 1
      ? pick(weights, weights.keys(), uniform)
      : pick(weights, candidates(weights, topK, topP), uniform);
  return { token, logp: logpOf(token) };
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

function sumOfExponentials(logits: Logits, largest: number): number {
  let sum = 0;
  for (let token = 0; token < logits.length; token++) sum += Math.exp(logits[token]! - largest);
  return sum;
}

/** Tokens that top-k and top-p leave, likeliest first; of equal ones, the lower id first. */
function candidates(weights: Float64Array, topK: number, topP: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // Tokens below (1 − topP)/V have less than 1 − topP together, so top-p alone never needs them: far fewer to sort.
  const least = topK === 0 ? ((1 - topP) * total) / weights.length : 0;
  const sorted = [...weights.keys()].filter((token) => weights[token]! >= least);
  sorted.sort((a, b) => weights[b]! - weights[a]! || a - b);
  const kept = topK === 0 ? sorted : sorted.slice(0, topK);
  if (topP === 1) return kept;
  const mass = topK === 0 ? total : kept.reduce((sum, token) => sum + weights[token]!, 0);
  let covered = 0;
  const count = kept.findIndex((token) => (covered += weights[token]!) >= topP * mass);
  return count < 0 ? kept : kept.slice(0, count + 1);
}

/** The token at which the running sum of weights passes `uniform` of the whole. */
function pick(weights: Float64Array, tokens: Iterable<number>, uniform: number): number {
  const list = Array.isArray(tokens) ? (tokens as number[]) : [...tokens];
  const total = list.reduce((sum, token) => sum + weights[token]!, 0);
  let left = uniform * total;
  let last = list[0]!;
  for (const token of list) {
    if (weights[token] === 0) continue;
    last = token;
    left -= weights[token]!;
    if (left < 0) break;
  }
  return last;
}
