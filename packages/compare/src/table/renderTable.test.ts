import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { formatSeconds } from '../format.ts';
import { summarize } from '../summary/summarize.ts';
import { simulateComparison } from '../testdata/simulateComparison.ts';
import { smallComparison } from '../testdata/smallComparison.ts';
import { renderTable } from './renderTable.ts';

const summary = summarize(simulateComparison({ prompts: 16 }), { resamples: 200, permutations: 200 });

function widest(text: string): number {
  return Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.length),
  );
}

describe('renderTable', () => {
  it('fits 120 columns, also with all measures and with colours', () => {
    expect(widest(renderTable(summary))).toBe(120);
    expect(widest(renderTable(summary, { all: true, color: true }))).toBe(120);
  });

  it('has no colour codes unless asked, and says the same with them', () => {
    const plain = renderTable(summary);
    const colored = renderTable(summary, { color: true });
    expect(stripVTControlCharacters(plain)).toBe(plain);
    expect(colored).not.toBe(plain);
    expect(stripVTControlCharacters(colored)).toBe(plain);
  });

  it('holds the headline, every arm’s verdict and cost', () => {
    const flat = renderTable(summary).replaceAll(/\s+/g, ' ');
    expect(flat).toContain(summary.headline.sentence.replaceAll(/\s+/g, ' '));
    for (const { sentence } of summary.verdicts) expect(flat).toContain(sentence.replaceAll(/\s+/g, ' '));
    expect(flat).toMatch(/ganpo │ 3\d\d ms/);
  });

  it('shows what was measured before training above the arms', () => {
    const raw = smallComparison({ none: [1, 2], kl: [2, 3] });
    const measured = { ...raw, before: [{ metric: 'score', value: 0.25 }] };
    expect(renderTable(summarize(measured))).toMatch(/Score ↑ .*\n│ {3}before training +│ +0\.250 │.*\n│ {3}none /);
    expect(renderTable(summarize(raw))).not.toContain('before training');
  });

  it('counts the measures that it leaves out, and shows them when asked', () => {
    const shown = (text: string): number => summary.measures.filter(({ label }) => text.includes(`│ ${label}`)).length;
    const [short, all] = [renderTable(summary), renderTable(summary, { all: true })];
    expect(short).toContain(`${summary.measures.length - shown(short)} more measures`);
    expect(shown(short)).toBeGreaterThan(0);
    expect(shown(all)).toBe(summary.measures.length);
    expect(all).not.toContain('more measures');
  });

  it('keeps long names whole by wrapping them', () => {
    const name = 'a regularizer with a very long name indeed, longer than any column of the table';
    const table = renderTable(summarize(smallComparison({ none: [1, 2], [name]: [2, 3] })));
    expect(widest(table)).toBe(120);
    const firstColumn = table.split('\n').map((line) => line.split('│')[1]?.trim() ?? '');
    expect(firstColumn.join(' ').replaceAll(/\s+/g, ' ')).toContain(name);
  });

  it('keeps every cost on one line, however long a run takes', () => {
    for (const seconds of [599, 605, 3599, 36_000, 123 * 3600 + 45 * 60]) {
      const costs = summary.costs.map((cost) => ({ ...cost, seconds, secondsPerStep: Math.min(seconds, 3599) }));
      const table = renderTable({ ...summary, costs });
      expect(table).toContain(` ${formatSeconds(seconds)} │`);
      expect(table.split('\n')).toHaveLength(renderTable(summary).split('\n').length);
    }
  });

  it('says how many seeds a mean and a difference rest on, where some are missing', () => {
    const table = renderTable(summarize(smallComparison({ none: [1, 2, 3], arm: [2, null, 4], full: [2, 3, 5] })));
    const rows = table.split('\n').map((line) => line.split('│').map((cell) => cell.trim()));
    const place = rows.findIndex(([, first]) => first === 'arm (2 of 3 seeds)');
    expect(rows[place + 1]?.[4]).toBe('2 of 3 seeds');
    expect(rows.some(([, first]) => first === 'full')).toBe(true);
    expect(table.replaceAll(/\s+/g, ' ')).toContain('over 3 seeds or as many as its row says');
    expect(renderTable(summary)).not.toContain('as its row says');
  });

  it('writes a p that no random sign pattern reached as a bound', () => {
    const seeds = Array.from({ length: 12 }, (_, seed) => seed);
    const values = { none: seeds, arm: seeds.map((value) => value + 100) };
    const table = renderTable(summarize(smallComparison(values), { permutations: 100 }));
    expect(table).toContain('\u22640.010');
  });

  it('calls missing values missing', () => {
    const table = renderTable(summarize(smallComparison({ none: [1, 2], arm: [null, null] })));
    const row = table.split('\n').find((line) => line.includes('│   arm'));
    expect(row?.split('│').map((cell) => cell.trim())).toEqual([
      '',
      'arm',
      'missing',
      'missing',
      '',
      '',
      'missing',
      '',
    ]);
    expect(table).toContain('arm, seed 0 and 1: no value of Score');
  });
});
