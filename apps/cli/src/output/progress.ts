import cliProgress from 'cli-progress';
import pc from 'picocolors';
import type { RunEvent } from '../run/executeRun.ts';
import { formatNumber, formatSeconds, tell } from './terminal.ts';

/** Shows the progress of one run after another. */
export interface Progress {
  start(title: string): void;
  event(event: RunEvent): void;
  stop(): void;
}

const PHASES: Readonly<Record<Extract<RunEvent, { kind: 'phase' }>['phase'], string>> = {
  training: 'training',
  saving: 'saving the model',
  evaluating: 'sampling and measuring',
};

const phaseText = ({ phase, part }: Extract<RunEvent, { kind: 'phase' }>): string =>
  part === undefined ? PHASES[phase] : `${PHASES[phase]}: ${part}`;

type StepEvent = Extract<RunEvent, { kind: 'step' }>;

/** Running rate and time left; the first steps compile graphs and do not count. */
class Rate {
  #seconds = 0;
  #tokens = 0;
  #steps = 0;

  add({ step, seconds, tokens }: StepEvent): void {
    if (step <= 2) return;
    this.#seconds += seconds;
    this.#tokens += tokens;
    this.#steps += 1;
  }

  describe({ step, totalSteps }: StepEvent): string {
    if (this.#steps === 0) return '';
    const left = (this.#seconds / this.#steps) * (totalSteps - step);
    return `${formatNumber(this.#tokens / this.#seconds)} tokens/s, ${formatSeconds(left)} left`;
  }
}

const headline = ({ readings }: StepEvent): string =>
  [
    `loss ${formatNumber(readings['loss'] ?? NaN)}`,
    ...(readings['rewards/accuracies'] === undefined
      ? []
      : [`accuracy ${formatNumber(readings['rewards/accuracies'])}`]),
  ].join('  ');

/** A bar that is redrawn in place, for terminals. */
function barProgress(): Progress {
  let bar: cliProgress.SingleBar | undefined;
  let rate = new Rate();
  const end = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    start(title) {
      end();
      rate = new Rate();
      tell(pc.bold(title));
    },
    event(event) {
      if (event.kind === 'phase') {
        end();
        if (event.phase !== 'training') tell(pc.dim(`  ${phaseText(event)} …`));
      } else if (event.kind === 'step') {
        rate.add(event);
        if (bar === undefined) {
          bar = new cliProgress.SingleBar(
            { format: '  {bar} {value}/{total}  {headline}  {rate}', hideCursor: true },
            cliProgress.Presets.shades_classic,
          );
          bar.start(event.totalSteps, event.step, { headline: headline(event), rate: '' });
        } else bar.update(event.step, { headline: headline(event), rate: rate.describe(event) });
      }
    },
    stop: end,
  };
}

/** Seconds after which a slow run is heard of. */
const LONGEST_SILENCE = 60;

/** Some lines per run, for files and pipes. */
function lineProgress(): Progress {
  let rate = new Rate();
  let quietSeconds = 0;
  return {
    start(title) {
      rate = new Rate();
      quietSeconds = 0;
      tell(title);
    },
    event(event) {
      if (event.kind === 'phase') tell(`  ${phaseText(event)}`);
      if (event.kind !== 'step') return;
      rate.add(event);
      quietSeconds += event.seconds;
      const every = Math.max(1, Math.ceil(event.totalSteps / 5));
      const isDue = event.step % every === 0 || event.step === event.totalSteps || quietSeconds >= LONGEST_SILENCE;
      if (!isDue) return;
      quietSeconds = 0;
      tell(`  step ${event.step}/${event.totalSteps}  ${headline(event)}  ${rate.describe(event)}`.trimEnd());
    },
    stop: () => undefined,
  };
}

const silent: Progress = { start: () => undefined, event: () => undefined, stop: () => undefined };

export function createProgress(quiet: boolean): Progress {
  if (quiet) return silent;
  return process.stderr.isTTY ? barProgress() : lineProgress();
}
