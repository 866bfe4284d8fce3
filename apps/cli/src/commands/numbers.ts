import { InvalidArgumentError } from 'commander';

const parsed = (text: string): number => (text.trim() === '' ? NaN : Number(text));

/** Parses an option that is a number of at least `least`. */
export const numberFrom =
  (least: number) =>
  (text: string): number => {
    const value = parsed(text);
    if (Number.isFinite(value) && value >= least) return value;
    throw new InvalidArgumentError(`not a number of at least ${least}`);
  };

/** Parses an option that is a number above 0. */
export function positiveNumber(text: string): number {
  const value = parsed(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('not a number above 0');
}

/** Parses an option that is a whole number of at least `least`. */
export const wholeNumberFrom =
  (least: number) =>
  (text: string): number => {
    const value = parsed(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`not a whole number of at least ${least}`);
  };
