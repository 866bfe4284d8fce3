import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatFewerSeeds,
  formatNumber,
  formatP,
  formatPEquation,
  formatRate,
  formatRatio,
  formatSeconds,
  formatSetting,
  formatSigned,
} from './format.ts';

describe('formatting', () => {
  it('writes missing values as missing, never as 0', () => {
    const writers = [formatNumber, formatSigned, formatP, formatRatio, formatSeconds, formatBytes, formatRate];
    for (const write of writers) {
      expect(write(null)).toBe('missing');
      expect(write(undefined)).toBe('missing');
    }
    expect(formatNumber(NaN)).toBe('missing');
  });

  it('writes numbers with a true minus sign, and small ones without hiding them', () => {
    expect(formatNumber(-1.23456)).toBe('\u22121.235');
    expect(formatSigned(0.5, 1)).toBe('+0.5');
    expect(formatSigned(0)).toBe('0.000');
    expect(formatNumber(0.00002)).toBe('2e\u22125');
  });

  it('writes quantities in units that fit', () => {
    expect([0.48, 5, 12.34, 245, 7390].map(formatSeconds)).toEqual([
      '480 ms',
      '5.00 s',
      '12.3 s',
      '4 min 05 s',
      '2 h 03 min',
    ]);
    expect([512, 3 * 2 ** 20, 1.5 * 2 ** 30].map(formatBytes)).toEqual(['512 B', '3 MiB', '1.50 GiB']);
    expect([7142.9, 3.14].map(formatRate)).toEqual(['7,143', '3.1']);
    expect([0.0004, 0.0123].map((p) => formatP(p))).toEqual(['<0.001', '0.012']);
  });

  it('writes p-values that are only bounds as bounds, which rounding must not break', () => {
    expect([0.0004, 0.0123, 0.25].map((p) => formatP(p, true))).toEqual(['<0.001', '\u22640.013', '\u22640.250']);
    expect(formatPEquation(0.0123, true)).toBe('p \u2264 0.013');
    expect(formatPEquation(0.0123)).toBe('p = 0.012');
  });

  it('counts in singular and plural, and seeds only where some are missing', () => {
    expect([0, 1, 2].map((count) => formatCount(count, 'prompt'))).toEqual(['0 prompts', '1 prompt', '2 prompts']);
    expect(formatFewerSeeds([1, null, null])).toBe('1 of 3 seeds');
    expect(formatFewerSeeds([1, 2])).toBeNull();
    expect(formatFewerSeeds([null, null])).toBeNull(); // called missing
  });

  it('names settings', () => {
    expect(formatSetting({ split: 'heldout', temperature: 1 })).toBe('heldout, T\u00a0=\u00a01.0');
    expect(formatSetting({ temperature: 0.25 })).toBe('T\u00a0=\u00a00.25');
    expect(formatSetting({})).toBe('');
  });
});
