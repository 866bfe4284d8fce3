import { expect, it } from 'vitest';
import { summaryError, summarize } from './summary.ts';
import { worstOf } from './worst.ts';

it('the worst error is the largest, and one that is not a number is worse, wherever it stands', () => {
  const errors = [1e-9, 3e-8, 1e-8].map((error, index) => ({ name: `t${index}`, error }));
  const broken = { name: 'broken', error: NaN };
  expect(worstOf(errors).name).toBe('t1');
  for (const at of [0, 1, 2, 3]) expect(worstOf(errors.toSpliced(at, 0, broken))).toBe(broken);
});

it('a tensor with an entry that is not a number has an error that is none', () => {
  const golden = { shape: [3], ...summarize([1, 2, 3]) };
  expect(summaryError([1, NaN, 3], golden, 'independent', 3)).toBeNaN();
  expect(summaryError([1, 2, 3], golden, 'independent', 3)).toBe(0);
});
