import { toPlainError } from '../output/errors.ts';
import { formatNumber } from '../output/terminal.ts';
import { engineName, type EngineChoice, type EngineReport } from './engines.ts';
import type { TrialFigures } from './trial.ts';

/** A trial is stopped when it takes so many times what the whole trial of the best engine so far took, … */
const PATIENCE = 3;
/** … but not before this: compiling takes its time on engines that are fast afterwards. */
const FLOOR_SECONDS = 30;

export type Trial = EngineChoice & TrialOutcome;

type TrialOutcome =
  /** `seconds`: of the whole trial, with starting, loading and compiling. */
  | { readonly figures: TrialFigures; readonly seconds: number }
  | { readonly failure: string }
  /** Why it was not waited for. */
  | { readonly stopped: string };

export type FinishedTrial = Extract<Trial, { figures: TrialFigures }>;

/** Measures an engine; `kill` ends it at once. */
export type Measure = (engine: EngineChoice, kill: AbortSignal) => Promise<TrialFigures>;

/** Those whose matrix product was fastest first, so that a slow engine is tried when there is something to compare it with. */
export const byLikelySpeed = (engines: readonly EngineReport[]): EngineReport[] =>
  engines.toSorted((a, b) => (a.secondsPerProduct ?? Infinity) - (b.secondsPerProduct ?? Infinity));

/** What finished, fastest step first. */
export const ranked = (trials: readonly Trial[]): FinishedTrial[] =>
  trials.filter((trial) => 'figures' in trial).toSorted((a, b) => a.figures.secondsPerStep - b.figures.secondsPerStep);

/** `xla cpu, the fastest here: 0.21 s a step; onnxruntime cpu 0.35 s; tfjs wasm failed: …; onnxruntime webgpu stopped after 30 s: …`. */
export function explain(trials: readonly Trial[]): string {
  const [best, ...others] = ranked(trials);
  const slower = others.map((trial) => `; ${engineName(trial)} ${formatNumber(trial.figures.secondsPerStep)} s`);
  const failed = trials.flatMap((trial) =>
    'failure' in trial ? [`; ${engineName(trial)} failed: ${trial.failure.split('\n')[0]}`] : [],
  );
  const stopped = trials.flatMap((trial) => ('stopped' in trial ? [`; ${engineName(trial)} ${trial.stopped}`] : []));
  const seconds = formatNumber(best!.figures.secondsPerStep); // one that was picked
  return [`${engineName(best!)}, the fastest here: ${seconds} s a step`, ...slower, ...failed, ...stopped].join('');
}

/**
 * Tries engines in the given order. The best so far sets the limit for the next ones, see `PATIENCE`; the first has
 * none, since nothing is known yet.
 *
 * @throws the signal's reason when it is aborted
 */
export async function tryEngines(
  engines: readonly EngineChoice[],
  measure: Measure,
  signal: AbortSignal,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const { backend, engine, options } of engines) {
    const choice = { backend, engine, options };
    trials.push({ ...choice, ...(await tryWithin(ranked(trials)[0], choice, measure, signal)) });
    signal.throwIfAborted();
  }
  return trials;
}

async function tryWithin(
  best: FinishedTrial | undefined,
  engine: EngineChoice,
  measure: Measure,
  signal: AbortSignal,
): Promise<TrialOutcome> {
  const late = new AbortController();
  const limit = best === undefined ? undefined : Math.max(FLOOR_SECONDS, PATIENCE * best.seconds);
  const timer = limit === undefined ? undefined : setTimeout(() => late.abort(), limit * 1000);
  const start = performance.now();
  try {
    const figures = await measure(engine, AbortSignal.any([signal, late.signal]));
    return { figures, seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    if (!late.signal.aborted) return { failure: toPlainError(error).message };
    const [ours, theirs] = [limit!, best!.seconds].map(formatNumber); // `late` only exists for a limit
    return { stopped: `stopped after ${ours} s: ${engineName(best!)} is faster, with ${theirs} s for the whole trial` };
  } finally {
    clearTimeout(timer);
  }
}
