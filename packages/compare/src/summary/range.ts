import type { MetricRange } from '../raw/metrics.ts';
import type { Interval } from '../statistics/bootstrap.ts';

/** The interval without what lies outside the range; an estimate that lies there itself (by rounding) stays inside its interval. */
export function clipInterval(interval: Interval | null, estimate: number | null, range: MetricRange): Interval | null {
  if (interval === null || estimate === null) return interval;
  const [lowest, highest] = [Math.min(range.low ?? -Infinity, estimate), Math.max(range.high ?? Infinity, estimate)];
  return { ...interval, low: Math.max(interval.low, lowest), high: Math.min(interval.high, highest) };
}

/** Where differences of two values can lie: at most the width of the range away from 0. */
export function differenceRange({ low, high }: MetricRange): MetricRange {
  return low === undefined || high === undefined ? {} : { low: low - high, high: high - low };
}
