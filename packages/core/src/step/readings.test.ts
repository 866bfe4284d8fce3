import { expect, test } from 'vitest';
import { combineReadings, type ReadingLayout } from './readings.ts';

test('micro-batches that read different scalars are combined by name', () => {
  const loss = { name: 'loss', kind: 'metric' } as const;
  const mean = { name: 'mean', kind: 'gauge' } as const;
  const first: ReadingLayout = [mean, loss];
  const completing: ReadingLayout = [{ name: 'opponent/grad_norm', kind: 'gauge' }, mean, loss];
  const parts = [
    { layout: first, vector: [5, 1] },
    { layout: first, vector: [6, 2] },
    { layout: completing, vector: [9, 7, 4] },
  ];
  const combined = combineReadings(parts, { sideRows: [3, 3], pairs: 3 });
  expect(combined).toEqual({ 'opponent/grad_norm': 9, mean: 7, loss: 1 + 2 + 4 });
});

test('a metric of what a step has none of is left out', () => {
  const layout: ReadingLayout = (['chosen', 'rejected', 'bothSides', 'pairs'] as const).map((of) => ({
    name: of,
    kind: 'metric',
    of,
  }));
  const names = (sideRows: readonly number[], pairs: number) =>
    Object.keys(combineReadings([{ layout, vector: [1, 2, 3, 4] }], { sideRows, pairs }));
  expect(names([2, 0], 0)).toEqual(['chosen']);
  expect(names([0, 1], 0)).toEqual(['rejected']);
  expect(names([2, 1], 0)).toEqual(['chosen', 'rejected', 'bothSides']);
  expect(names([2, 1], 1)).toEqual(['chosen', 'rejected', 'bothSides', 'pairs']);
  expect(names([3], 0)).toEqual(['chosen']); // single completions
});
