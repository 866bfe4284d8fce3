/** Ids that every shape's vocabulary has; the first ones are special tokens by custom. */
const FIRST = 4;
const COUNT = 1000;

/** Makes sequences of pseudo-random token ids: which ones does not matter, but the same in every process. */
export function randomTokens(seed: number): (length: number) => Int32Array {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return FIRST + ((state >>> 8) % COUNT);
  };
  return (length) => Int32Array.from({ length }, next);
}
