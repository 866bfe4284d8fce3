import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, readdir, rename, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { renderReport, type Dataset } from '@tether/data';
import type { LoadedConfig } from '../config/parseConfig.ts';
import { tell } from '../output/terminal.ts';
import { loadDataFor } from '../run/dataPreview.ts';
import { INTERRUPTED } from './interrupt.ts';
import type { OutputOptions } from './options.ts';

/** Data that was looked at before there is a folder for results. */
export interface ShownData {
  /**
   * Puts tokens of large data where the runs of a folder look for them, so that they are made once. Data that lies in
   * memory as a whole is the result, for a run in this process.
   */
  moveTo(folder: string): Promise<Dataset | undefined>;
}

/** Where the runs of a folder look for tokens. */
const cacheOf = (folder: string): string => join(folder, 'cache');

/** A signal alone would end the process without its clearing up. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const leave = (): never => process.exit(INTERRUPTED);

/** Shows what becomes of every row of the data, before anything is trained. Large data waits beside the results-to-be. */
export async function showDataReport({ config, baseFolder }: LoadedConfig, options: OutputOptions): Promise<ShownData> {
  const { output = join('runs', config.name), resume } = options;
  if (resume !== undefined) {
    (await showReport({ config, baseFolder }, cacheOf(resume))).close();
    return { moveTo: () => Promise.resolve(undefined) };
  }
  const waiting = join(dirname(resolve(output)), `.tether-data-${randomUUID()}`);
  process.once('exit', () => rmSync(waiting, { recursive: true, force: true }));
  for (const signal of SIGNALS) process.once(signal, leave);
  const data = await showReport({ config, baseFolder }, waiting);
  for (const signal of SIGNALS) process.removeListener(signal, leave);
  return {
    async moveTo(folder) {
      if (!existsSync(waiting)) return data; // small data makes no files
      data.close();
      await moveFiles(waiting, cacheOf(folder));
      return undefined;
    },
  };
}

async function showReport(
  { config, baseFolder }: Pick<LoadedConfig, 'config' | 'baseFolder'>,
  cacheFolder: string,
): Promise<Dataset> {
  const data = await loadDataFor(config, baseFolder, cacheFolder);
  // A long list of findings moves with the folder; its place is in the run's data-report.json.
  for (const line of renderReport({ ...data.report, findingsFile: undefined })) tell(line);
  return data;
}

async function moveFiles(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) await rename(join(from, name), join(to, name));
  await rmdir(from);
}
