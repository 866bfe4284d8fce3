import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signalGroup, startTether, tether, untilLines } from './command.ts';

/** What a run leaves that must not depend on whether it was stopped on the way. */
export interface RunFiles {
  readonly metrics: Buffer;
  readonly weights: Buffer;
}

export const runFiles = async (folder: string): Promise<RunFiles> => ({
  metrics: await readFile(join(folder, 'metrics.jsonl')),
  weights: await readFile(join(folder, 'model', 'model.safetensors')),
});

/** Starts `tether train`, kills all its processes once metrics.jsonl has `line` lines, and resumes it to its end. */
export async function killAndResume(config: string, cwd: string, output: string, line: number): Promise<RunFiles> {
  const started = startTether(['train', config, '--output', output, '--quiet'], cwd);
  await untilLines(started, join(cwd, output, 'metrics.jsonl'), line);
  signalGroup(started, 'SIGKILL');
  const killed = await started.finished;
  if (killed.signal !== 'SIGKILL') throw new Error(`the command was not killed: ${killed.stderr}`);
  const resumed = await tether(['train', config, '--resume', output, '--quiet'], cwd);
  if (resumed.code !== 0) throw new Error(`the run was not resumed: ${resumed.stderr}`);
  return runFiles(join(cwd, output));
}
