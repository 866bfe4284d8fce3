import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createProgress } from './progress.ts';

let told: string;

beforeEach(() => {
  told = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told += String(text);
    return true;
  });
});
afterEach(() => void vi.restoreAllMocks());

const run = (secondsPerStep: number): string[] => {
  const progress = createProgress(false);
  progress.start('train');
  for (let step = 1; step <= 10; step++) {
    progress.event({ kind: 'step', step, totalSteps: 10, seconds: secondsPerStep, tokens: 1, readings: { loss: 1 } });
  }
  return [...told.matchAll(/step (\d+)\/10/g)].map(([, step]) => step!);
};

it('tells every fifth part of a fast run, and each minute of a slow one', () => {
  expect(run(1)).toEqual(['2', '4', '6', '8', '10']);
  told = '';
  expect(run(90)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
});

it('tells which part of an evaluation begins', () => {
  createProgress(false).event({ kind: 'phase', phase: 'evaluating', part: '8 answers at temperature 0.7' });
  expect(told).toContain('sampling and measuring: 8 answers at temperature 0.7');
});
