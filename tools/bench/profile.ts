import { readFileSync } from 'node:fs';

interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number; // microseconds
  readonly ts: number;
  readonly args?: { readonly op_name?: string; readonly [key: string]: unknown };
}

/** Milliseconds by operator of the last run in an ONNX Runtime trace. */
export function summarizeProfile(file: string): string {
  const events = JSON.parse(readFileSync(file, 'utf8')) as TraceEvent[];
  const runs = events.filter(({ cat, name }) => cat === 'Session' && name === 'model_run');
  const last = runs.at(-1);
  if (last === undefined) return 'no runs';
  const totals = new Map<string, { time: number; count: number }>();
  for (const { cat, name, dur, ts, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time') || ts < last.ts || ts > last.ts + last.dur) continue;
    const total = totals.get(args?.op_name ?? name) ?? { time: 0, count: 0 };
    totals.set(args?.op_name ?? name, { time: total.time + dur, count: total.count + 1 });
  }
  const rows = [...totals].sort(([, a], [, b]) => b.time - a.time);
  const sum = rows.reduce((total, [, { time }]) => total + time, 0);
  return [
    `run ${(last.dur / 1000).toFixed(1)} ms, nodes ${(sum / 1000).toFixed(1)} ms`,
    ...rows.map(
      ([name, { time, count }]) =>
        `${name.padEnd(30)} ${String(count).padStart(6)} × ${(time / 1000).toFixed(1).padStart(9)} ms ${((100 * time) / sum).toFixed(1).padStart(5)} %`,
    ),
  ].join('\n');
}
