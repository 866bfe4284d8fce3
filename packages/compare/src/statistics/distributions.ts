import { bisect } from 'simple-statistics';

/** Far enough out for every probability used here: Student's t with 1 degree of freedom at 0.99999 is 31831. */
const FARTHEST = 1e6;
const STEPS = 200;
const TOLERANCE = 1e-13;

/** Standard normal distribution function, by the series of Abramowitz & Stegun 26.2.11 (|x| up to 8 is ample here). */
export function normalCdf(x: number): number {
  if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
  let [term, total] = [x, x];
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(total); odd += 2) {
    term *= (x * x) / odd;
    total += term;
  }
  return 0.5 + (total * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/** Student's t distribution function for whole degrees of freedom: Abramowitz & Stegun 26.7.3 and 26.7.4. */
export function studentCdf(t: number, degrees: number): number {
  const theta = Math.atan(t / Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(theta), Math.cos(theta)];
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let total = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < degrees; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k;
    total += term;
  }
  const inside = odd ? (2 / Math.PI) * (theta + sine * total) : sine * total;
  return 0.5 + inside / 2;
}

/** z with P(Z ≤ z) = probability, 0.5 ≤ probability < 1. */
export function normalQuantile(probability: number): number {
  return bisect((x: number) => normalCdf(x) - probability, 0, 8, STEPS, TOLERANCE);
}

/** t with P(T ≤ t) = probability, 0.5 ≤ probability < 1. */
export function studentQuantile(probability: number, degrees: number): number {
  return bisect((t: number) => studentCdf(t, degrees) - probability, 0, FARTHEST, STEPS, TOLERANCE);
}
