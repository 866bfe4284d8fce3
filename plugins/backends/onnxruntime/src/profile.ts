import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProfiledOperation } from '@tether/core';
import type { Tensor } from '@tether/graph';

/** Between a node's scope and its source line. */
const SOURCE_MARK = ' @ ';
/** Between a program's label and what the runtime adds to the file's name. */
const LABEL_END = '~';

/** What a node is called in traces: scope, operation, and the line that made it where that is known. */
export function traceLabel({ scope, operation, source }: Tensor): string {
  const place = scope === '' ? operation.name : `${scope}/${operation.name}`;
  return source === undefined ? place : place + SOURCE_MARK + source;
}

/** Beginning of a trace's file name; the runtime appends the time. */
export const tracePrefix = (folder: string, label: string): string =>
  join(folder, encodeURIComponent(label) + LABEL_END);

/** One entry of a trace of ONNX Runtime (Chrome's trace format). Times are in microseconds. */
interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

/** Reads the traces in a folder: the operations of the last run of each program. */
export async function readTraces(folder: string): Promise<ProfiledOperation[]> {
  const files = (await readdir(folder)).filter((name) => name.includes(LABEL_END) && name.endsWith('.json'));
  const programs = await Promise.all(
    files.sort().map(async (name) => {
      const events = JSON.parse(await readFile(join(folder, name), 'utf8')) as TraceEvent[]; // by its format
      return operationsOf(decodeURIComponent(name.slice(0, name.indexOf(LABEL_END))), events);
    }),
  );
  return programs.flat();
}

const KERNEL = '_kernel_time';

function operationsOf(program: string, events: readonly TraceEvent[]): ProfiledOperation[] {
  const run = events.findLast(({ cat, name }) => cat === 'Session' && name === 'model_run');
  if (run === undefined) return [];
  return events.flatMap(({ cat, name, ts, dur, args }) => {
    const isWithin = ts >= run.ts && ts + dur <= run.ts + run.dur;
    if (cat !== 'Node' || !name.endsWith(KERNEL) || !isWithin) return [];
    const label = name.slice(name.indexOf(' ') + 1, -KERNEL.length);
    const [scope = '', source] = label.split(SOURCE_MARK);
    const operator = args?.op_name ?? 'unknown';
    return [{ program, operator, scope, seconds: dur / 1e6, ...(source === undefined ? {} : { source }) }];
  });
}
