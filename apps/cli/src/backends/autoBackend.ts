import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { armSource, pretrainSource } from '../config/derive.ts';
import { parseConfig, type LoadedConfig } from '../config/parseConfig.ts';
import { AUTO } from '../config/runSchema.ts';
import { formatNumber, tell } from '../output/terminal.ts';
import type { Job } from '../run/job.ts';
import { RunError } from '../run/prepare.ts';
import { readJson, writeJson } from '../run/runFolder.ts';
import { allEngines, asConfig, probeEngine, type EngineChoice, type EngineReport } from './engines.ts';
import { tryEngine, type Trial } from './trial.ts';

/** What `backend: auto` found, as it is kept in the run folder. */
interface Decision {
  readonly picked: EngineChoice;
  readonly why: string;
  readonly trials: readonly Trial[];
  readonly unavailable: readonly EngineReport[];
}

/** The oracle is for tests, and slower by orders of magnitude. */
const NEVER = new Set(['reference']);

export const isAuto = ({ config }: LoadedConfig): boolean => config.backend.name === AUTO;

/**
 * The config with `backend: auto` replaced by the fastest engine that is installed, by a short trial of the run's own
 * first steps. The decision is kept in `backend.json` of the folder, so that a resumed run stays on its engine.
 *
 * @throws RunError when no engine can run it
 */
export async function settleBackend(loaded: LoadedConfig, folder: string, signal: AbortSignal): Promise<LoadedConfig> {
  if (!isAuto(loaded)) return loaded;
  const path = join(folder, 'backend.json');
  const decision = existsSync(path)
    ? ((await readJson(path)) as Decision) // as written below
    : await decide(loaded, folder, signal);
  await writeJson(path, decision);
  tell(`backend: ${decision.why}`);
  return parseConfig(loaded.file, { ...loaded.source, backend: asConfig(decision.picked) }, loaded.baseFolder);
}

async function decide(loaded: LoadedConfig, folder: string, signal: AbortSignal): Promise<Decision> {
  const engines = (await allEngines(new PluginRegistry(loaded.baseFolder))).filter(
    ({ backend }) => !NEVER.has(backend),
  );
  const trials: Trial[] = [];
  const unavailable: EngineReport[] = [];
  for (const engine of engines) {
    if (signal.aborted) throw new RunError('interrupted');
    const report = await probeEngine(engine, loaded.baseFolder);
    if (report.description === undefined) {
      unavailable.push(report);
      continue;
    }
    tell(`backend: trying ${engine.backend} ${engine.engine}`);
    trials.push(await tryEngine(engine, trialJob(loaded, folder), signal));
  }
  const finished = trials.flatMap((trial) => ('figures' in trial ? [trial] : []));
  finished.sort((a, b) => a.figures.secondsPerStep - b.figures.secondsPerStep);
  const [best] = finished;
  if (best === undefined) {
    const reasons = trials
      .map((trial) => `\n  - ${nameOf(trial)}: ${'failure' in trial ? trial.failure : ''}`)
      .join('');
    throw new RunError(`no backend can run this: tether backends tells what is installed${reasons}`);
  }
  return { picked: pick(best), why: explain(finished, trials), trials, unavailable };
}

const pick = ({ backend, engine, options }: EngineChoice): EngineChoice => ({ backend, engine, options });
const nameOf = ({ backend, engine }: EngineChoice): string => `${backend} ${engine}`;

/** `xla cpu takes 0.21 s a step; onnxruntime cpu 0.35 s; tfjs wasm failed: …`. */
function explain(finished: readonly Extract<Trial, { figures: unknown }>[], trials: readonly Trial[]): string {
  const [best, ...others] = finished;
  const slower = others.map((trial) => `; ${nameOf(trial)} ${formatNumber(trial.figures.secondsPerStep)} s`);
  const failed = trials.flatMap((trial) =>
    'failure' in trial ? [`; ${nameOf(trial)} failed: ${trial.failure.split('\n')[0]}`] : [],
  );
  const seconds = formatNumber(best!.figures.secondsPerStep);
  return [`${nameOf(best!)}, the fastest here: ${seconds} s a step`, ...slower, ...failed].join('');
}

/** The first steps of what will run first: the pretraining, or the first arm. */
function trialJob({ file, baseFolder, source, config }: LoadedConfig, folder: string): Job {
  const first =
    config.model.pretrain !== undefined
      ? pretrainSource(source)
      : config.compare === undefined
        ? source
        : armSource(source, 0, config.compare.seeds[0]!);
  return {
    file,
    baseFolder,
    source: first,
    folder,
    cacheFolder: join(folder, 'cache'),
    resume: false,
    measureOnly: false,
    evaluateAtEnd: false,
  };
}
