import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const TOOLS = resolve(import.meta.dirname, '../..');

/** Contents of a committed golden, for example `stories260K/dpo.json`. Its maker is in `tools/goldens`. */
export const readGolden = (name: string): unknown => JSON.parse(readFileSync(join(TOOLS, 'goldens/out', name), 'utf8'));

/** Whether a golden is committed: of the larger checkpoint only the losses that a comparison uses are. */
export const hasGolden = (name: string): boolean => existsSync(join(TOOLS, 'goldens/out', name));

/** Checkpoints that lie beside the project, or that the environment names; undefined where there is none. */
export const CHECKPOINTS = {
  stories260K: () => existing(process.env['TETHER_STORIES260K'] ?? resolve(TOOLS, '../../shared/data/stories260K')),
  smollm2: () => existing(process.env['TETHER_SMOLLM2']),
} as const;
export type CheckpointName = keyof typeof CHECKPOINTS;

const existing = (folder: string | undefined): string | undefined =>
  folder !== undefined && existsSync(join(folder, 'config.json')) ? folder : undefined;

/** Why tests of a checkpoint are skipped. */
export const SKIP_REASONS: Readonly<Record<CheckpointName, string>> = {
  stories260K: 'no stories260K checkpoint: set TETHER_STORIES260K to its folder',
  smollm2: 'no SmolLM2 checkpoint: set TETHER_SMOLLM2 to its folder',
};
