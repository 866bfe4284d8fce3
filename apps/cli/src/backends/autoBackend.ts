import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { armSource, pretrainSource } from '../config/derive.ts';
import { parseConfig, type LoadedConfig } from '../config/parseConfig.ts';
import { AUTO } from '../config/runSchema.ts';
import { tell } from '../output/terminal.ts';
import type { Job } from '../run/job.ts';
import { checkInterrupted } from '../run/interrupted.ts';
import { RunError } from '../run/prepare.ts';
import { readJson, writeJson } from '../run/runFolder.ts';
import { allEngines, asConfig, engineName, probeEngine, type EngineChoice, type EngineReport } from './engines.ts';
import { tryEngine } from './trial.ts';
import { byLikelySpeed, explain, ranked, tryEngines, type Measure, type Trial } from './trials.ts';

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
 * @throws RunError when no engine can run it, InterruptedError once the user has asked for an end
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
  const reports = await probeEngines(loaded.baseFolder, signal);
  const available = reports.filter(({ description }) => description !== undefined);
  const measure: Measure = (engine, kill) => {
    tell(`backend: trying ${engineName(engine)}`);
    return tryEngine(engine, trialJob(loaded, folder), kill);
  };
  const trials = await tryEngines(byLikelySpeed(available), measure, signal).catch((error: unknown) => {
    checkInterrupted(signal);
    throw error;
  });
  const [best] = ranked(trials);
  if (best === undefined) {
    const reasons = trials.map((trial) => `\n  - ${engineName(trial)}: ${'failure' in trial ? trial.failure : ''}`);
    throw new RunError(`no backend can run this: tether backends tells what is installed${reasons.join('')}`);
  }
  const { backend, engine, options } = best;
  const unavailable = reports.filter(({ description }) => description === undefined);
  return { picked: { backend, engine, options }, why: explain(trials), trials, unavailable };
}

async function probeEngines(baseFolder: string, signal: AbortSignal): Promise<EngineReport[]> {
  const reports: EngineReport[] = [];
  for (const engine of await allEngines(new PluginRegistry(baseFolder))) {
    if (NEVER.has(engine.backend)) continue;
    checkInterrupted(signal);
    reports.push({ ...engine, ...(await probeEngine(engine, baseFolder)) });
  }
  return reports;
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
