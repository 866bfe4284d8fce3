import type { Measurement } from '@tether/compare';
import Table from 'cli-table3';
import { measuredValue } from '../evaluation/policyEvaluation.ts';
import { formatNumber } from './terminal.ts';

/** Measurements as a table: one line per metric, split and temperature. */
export function measurementLines(measurements: readonly Measurement[]): string[] {
  const table = new Table({ head: ['metric', 'split', 'temperature', 'value'], style: { head: [], border: [] } });
  for (const measurement of measurements) {
    const { metric, split, temperature } = measurement;
    const value = measuredValue(measurement);
    const shown = value === undefined ? 'missing' : formatNumber(value);
    table.push([metric, split ?? '', temperature === undefined ? '' : String(temperature), shown]);
  }
  return table.toString().split('\n');
}
