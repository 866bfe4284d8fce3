import { expect, test } from 'vitest';
import { combineReadings, type ReadingLayout } from './readings.ts';

test('micro-batches that read different scalars are combined by name', () => {
  const loss = { name: 'loss', kind: 'metric' } as const;
  const mean = { name: 'mean', kind: 'gauge' } as const;
  const first: ReadingLayout = [mean, loss];
  const completing: ReadingLayout = [{ name: 'opponent/grad_norm', kind: 'gauge' }, mean, loss];
  const combined = combineReadings([
    { layout: first, vector: [5, 1] },
    { layout: first, vector: [6, 2] },
    { layout: completing, vector: [9, 7, 4] },
  ]);
  expect(combined).toEqual({ 'opponent/grad_norm': 9, mean: 7, loss: 1 + 2 + 4 });
});
