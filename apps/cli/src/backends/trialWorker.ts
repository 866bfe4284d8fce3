import { serveTask } from '../run/inChild.ts';
import { prepareJob } from '../run/job.ts';
import { peakMemoryBytes } from '../run/machine.ts';
import { RunError } from '../run/prepare.ts';
import type { TrialFigures, TrialTask } from './trial.ts';

async function measure({ job, steps }: TrialTask): Promise<TrialFigures> {
  const { trainer, backend } = await prepareJob(job);
  const seconds: number[] = [];
  let loss = NaN;
  for (let step = 0; step < Math.min(steps, trainer.options.totalSteps); step++) {
    const start = performance.now();
    const { readings } = await trainer.step(step);
    seconds.push((performance.now() - start) / 1000);
    if (step === 0) loss = readings['loss'] ?? NaN;
  }
  const [first, ...rest] = seconds;
  if (first === undefined) throw new RunError('the run has no steps to try');
  return {
    description: backend.description,
    secondsPerStep: Math.min(...(rest.length > 0 ? rest : [first])),
    firstStepSeconds: first,
    peakMemoryBytes: peakMemoryBytes(),
    loss,
  };
}

serveTask(measure);
