import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { inChild, workerBeside } from '../run/inChild.ts';
import type { EngineChoice } from './engines.ts';
import type { TrialFigures } from './trial.ts';
import { byLikelySpeed, explain, ranked, tryEngines, type Measure } from './trials.ts';

const choice = (engine: string): EngineChoice => ({ backend: 'test', engine, options: {} });
const never = new AbortController().signal;

const figures = (secondsPerStep: number): TrialFigures => ({
  description: 'a test',
  secondsPerStep,
  firstStepSeconds: secondsPerStep,
  peakMemoryBytes: 1,
  loss: 1,
});

/** Engines whose trials take so many seconds of a clock that the test turns; a killed one rejects. */
const measuring =
  (secondsOf: Readonly<Record<string, number>>, killed: string[] = []): Measure =>
  ({ engine }, kill) =>
    new Promise((resolve, reject) => {
      const seconds = secondsOf[engine]!;
      setTimeout(() => resolve(figures(seconds / 10)), seconds * 1000);
      kill.addEventListener('abort', () => {
        killed.push(engine);
        reject(new Error('killed'));
      });
    });

describe('trials of engines', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  async function outcomes(engines: readonly string[], measure: Measure, signal = never) {
    const trials = tryEngines(engines.map(choice), measure, signal);
    trials.catch(() => undefined); // looked at below
    await vi.runAllTimersAsync();
    return trials;
  }

  test('stop one that takes three times as long as the best whole trial, and say so', async () => {
    const killed: string[] = [];
    const seconds = { fair: 40, best: 20, fine: 59, slow: 100_000 };
    const trials = await outcomes(['fair', 'best', 'fine', 'slow'], measuring(seconds, killed));
    expect(killed).toEqual(['slow']);
    const stopped = 'stopped after 60 s: test best is faster, with 20 s for the whole trial';
    expect(trials[3]).toEqual({ ...choice('slow'), stopped });
    expect(ranked(trials).map(({ engine }) => engine)).toEqual(['best', 'fair', 'fine']);
    expect(explain(trials)).toBe(
      `test best, the fastest here: 2 s a step; test fair 4 s; test fine 5.9 s; test slow ${stopped}`,
    );
  });

  test('leave time for compiling, however fast the best was', async () => {
    const trials = await outcomes(['best', 'compiles', 'slow'], measuring({ best: 0.5, compiles: 29, slow: 31 }));
    expect(trials.map((trial) => 'figures' in trial)).toEqual([true, true, false]);
    expect(trials[2]).toMatchObject({ stopped: expect.stringMatching(/^stopped after 30 s: test best/) as string });
  });

  test('have no limit until one has finished', async () => {
    const measure = measuring({ slow: 5_000 });
    const broken: Measure = (engine, kill) =>
      engine.engine === 'broken' ? Promise.reject(new Error('no device')) : measure(engine, kill);
    const trials = await outcomes(['broken', 'slow'], broken);
    expect(trials[0]).toEqual({ ...choice('broken'), failure: 'no device' });
    expect(trials[1]).toMatchObject({ seconds: 5_000 });
    expect(explain(trials)).toMatch(/^test slow, .*; test broken failed: no device$/);
  });

  test('end when the user does', async () => {
    const user = new AbortController();
    const measure: Measure = (engine, kill) => {
      const trial = measuring({ slow: 5_000 })(engine, kill);
      user.abort();
      return trial;
    };
    await expect(outcomes(['slow'], measure, user.signal)).rejects.toThrow(/abort/);
  });
});

test('engines are tried in the order of what a matrix product takes', () => {
  const engines = [
    { ...choice('slow'), secondsPerProduct: 0.9 },
    { ...choice('fast'), secondsPerProduct: 0.001 },
  ];
  expect(byLikelySpeed(engines).map(({ engine }) => engine)).toEqual(['fast', 'slow']);
});

test('a process that listens to nothing is killed', async () => {
  const kill = AbortSignal.abort();
  const worker = workerBeside(import.meta.url, '../testing/busyWorker');
  await expect(inChild(worker, {}, { kill, what: 'the trial' })).rejects.toThrow(
    "the trial's process ended early (SIGKILL)",
  );
});
