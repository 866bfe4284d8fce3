import type { MeasureKey } from './raw/schema.ts';

/** What stands where a value does not exist. Never 0. */
export const MISSING = 'missing';

const MINUS = '\u2212';

/** Fixed digits with a true minus sign; a value too small for them keeps one significant digit. */
export function formatNumber(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
  const tooSmall = value !== 0 && Math.abs(value) < 0.5 * 10 ** -digits;
  return (tooSmall ? value.toExponential(0) : value.toFixed(digits)).replaceAll('-', MINUS);
}

/** With an explicit plus sign, for differences. */
export function formatSigned(value: number | null | undefined, digits = 3): string {
  const text = formatNumber(value, digits);
  return value !== null && value !== undefined && value > 0 ? `+${text}` : text;
}

export function formatRange(low: number, high: number, digits = 3, signed = false): string {
  const format = signed ? formatSigned : formatNumber;
  return `${format(low, digits)} to ${format(high, digits)}`;
}

/** `0.012`, `<0.001`; `≤0.012` where the p-value is known only to be at most so large. */
export function formatP(p: number | null | undefined, isBound = false): string {
  if (p === null || p === undefined) return MISSING;
  if (p < 0.001) return '<0.001';
  return isBound ? `≤${roundedUp(p)}` : p.toFixed(3);
}

/** `p = 0.012`, `p < 0.001`, `p ≤ 0.012`, for sentences. */
export function formatPEquation(p: number, isBound = false): string {
  if (p < 0.001) return 'p < 0.001';
  return isBound ? `p ≤ ${roundedUp(p)}` : `p = ${p.toFixed(3)}`;
}

/** Three digits; a bound that is rounded down is none. */
function roundedUp(p: number): string {
  return (Math.ceil(p * 1000) / 1000).toFixed(3);
}

/** `1 seed`, `3 seeds`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export function formatPercent(confidence: number): string {
  return `${Number((confidence * 100).toFixed(2))}\u00a0%`;
}

export function formatRatio(ratio: number | null | undefined): string {
  return ratio === null || ratio === undefined ? MISSING : `${ratio.toFixed(2)}\u00d7`;
}

/** `480 ms`, `12.3 s`, `4 min 05 s`, `2 h 03 min`. */
export function formatSeconds(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return MISSING;
  if (seconds < 1) return `${(seconds * 1000).toFixed(0)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return MISSING;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${(bytes / 1024 ** power).toFixed(power > 2 ? 2 : 0)} ${units[power]}`;
}

export function formatRate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined || !Number.isFinite(perSecond)) return MISSING;
  return perSecond >= 100 ? Math.round(perSecond).toLocaleString('en-US') : perSecond.toFixed(1);
}

/** `0.7`, `1.0`, `0.25`. */
export function formatTemperature(temperature: number): string {
  return Number.isInteger(temperature * 10) ? temperature.toFixed(1) : String(temperature);
}

/** `heldout, T = 1.0`; empty where the measure has neither split nor temperature. */
export function formatSetting({ split, temperature }: Omit<MeasureKey, 'metric'>): string {
  const parts = [split, temperature === undefined ? undefined : `T\u00a0=\u00a0${formatTemperature(temperature)}`];
  return parts.filter((part) => part !== undefined).join(', ');
}

/** `1 of 3 seeds` where some of the seeds lack a value; all or none of them need no such words. */
export function formatFewerSeeds(perSeed: readonly (number | null)[]): string | null {
  const present = perSeed.filter((value) => value !== null).length;
  return present === 0 || present === perSeed.length ? null : `${present} of ${formatCount(perSeed.length, 'seed')}`;
}

/** `a, b and c`. */
export function formatList(items: readonly string[]): string {
  return new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(items);
}
