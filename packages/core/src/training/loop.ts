import type { StepResult, Trainer } from './trainer.ts';

/** What a run does besides steps. Each is awaited before the next step starts. */
export interface LoopHooks {
  onStep?(event: StepEvent): void | Promise<void>;
  /** Called after steps that are multiples of `eval_steps`, and after the last. */
  onEvaluate?(completedSteps: number): Promise<void>;
  /** Called after steps that are multiples of `save_steps`, after the last, and before an early stop. */
  onSave?(completedSteps: number): Promise<void>;
}

export interface StepEvent extends StepResult {
  /** 1-based. */
  readonly step: number;
  readonly totalSteps: number;
  readonly seconds: number;
}

export interface LoopOptions {
  /** First step to run, 0-based: the number of steps a resumed run has behind it. */
  readonly firstStep: number;
  /** Asks for an early stop: the step under way is finished, evaluated where that is due, and a checkpoint written. */
  readonly signal?: AbortSignal;
  /** Seconds since some origin; injected, so that the loop itself reads no clock. */
  readonly clock: () => number;
}

export interface LoopResult {
  readonly completedSteps: number;
  readonly interrupted: boolean;
}

/** Runs a trainer from `firstStep` to the end of its schedule. */
export async function runLoop(trainer: Trainer, options: LoopOptions, hooks: LoopHooks): Promise<LoopResult> {
  const { settings, totalSteps } = trainer.options;
  for (let step = options.firstStep; step < totalSteps; step++) {
    const start = options.clock();
    const result = await trainer.step(step);
    const completed = step + 1;
    await hooks.onStep?.({ ...result, step: completed, totalSteps, seconds: options.clock() - start });
    const last = completed === totalSteps;
    const interrupted = options.signal?.aborted === true && !last;
    if (last || isDue(completed, settings.eval_steps)) await hooks.onEvaluate?.(completed);
    if (interrupted || last || isDue(completed, settings.save_steps)) await hooks.onSave?.(completed);
    if (interrupted) return { completedSteps: completed, interrupted };
  }
  return { completedSteps: totalSteps, interrupted: false };
}

const isDue = (completed: number, every: number | undefined): boolean => every !== undefined && completed % every === 0;

/** Optimizer steps of a run. */
export function totalSteps(
  settings: { readonly max_steps?: number | undefined; readonly num_train_epochs: number },
  stepsPerEpoch: number,
): number {
  return settings.max_steps ?? Math.max(1, Math.ceil(settings.num_train_epochs * stepsPerEpoch));
}
