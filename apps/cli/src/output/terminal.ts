import pc from 'picocolors';

/** Results go to standard output; progress and messages to standard error, so that results can be piped. */
export const printLine = (text = ''): void => void process.stdout.write(`${text}\n`);
export const tell = (text: string): void => void process.stderr.write(`${text}\n`);

export const tellWarning = (text: string): void => tell(`${pc.yellow('warning')} ${text}`);
export const tellError = (text: string): void => tell(`${pc.red('error')} ${text}`);

export const printJson = (value: unknown): void => printLine(JSON.stringify(value, null, 2));

/** 75 → `1:15`, 3700 → `1:01:40`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A figure with at most four significant digits. */
export const formatNumber = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
