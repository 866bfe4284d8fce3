import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { RawComparison } from '../raw/schema.ts';
import { summarize } from '../summary/summarize.ts';
import { simulateComparison } from '../testdata/simulateComparison.ts';
import { smallComparison } from '../testdata/smallComparison.ts';
import { codeForScript } from './html.ts';
import { readEchartsSource } from './page/echartsSource.ts';
import { renderReport } from './renderReport.ts';
import { flattenConfig } from './sections/flattenConfig.ts';

const quick = { resamples: 200, permutations: 200 };

function report(raw: RawComparison): string {
  return renderReport(raw, summarize(raw, quick));
}

/** The page without the library inside it. */
function ownPart(page: string): string {
  return page.replace(codeForScript(readEchartsSource()).text, '');
}

const raw = simulateComparison({ prompts: 8 });
const page = report(raw);
const own = ownPart(page);

describe('the report needs no network', () => {
  it('carries ECharts inside itself', () => {
    expect(page.length - own.length).toBeGreaterThan(1_000_000);
  });

  it('has scripts that parse', () => {
    const scripts = [...page.matchAll(/<script>([^]*?)<\/script>/g)].map(([, code]) => code ?? '');
    expect(scripts).toHaveLength(2);
    for (const code of scripts) expect(() => new Script(code)).not.toThrow();
  });

  it('refers to no other resource', () => {
    expect(own).not.toMatch(/https?:/);
    expect(own).not.toMatch(/\b(src|srcset|action|data|poster)\s*=/i);
    expect(own).not.toMatch(/<(link|img|iframe|object|embed|base)\b/i);
    expect(own).not.toMatch(/@import|url\(|fetch\(|XMLHttpRequest|import\(/);
    const links = [...own.matchAll(/href="([^"]*)"/g)].map(([, target]) => target);
    expect(links.length).toBeGreaterThan(5);
    for (const target of links) expect(target).toMatch(/^#/);
  });

  it('forbids the browser to load anything', () => {
    expect(own).toContain('default-src &#39;none&#39;');
  });

  it('holds a library that asks for nothing either', () => {
    expect(readEchartsSource()).not.toMatch(/\bfetch\(|XMLHttpRequest|sendBeacon|WebSocket/);
  });
});

describe('the report’s texts', () => {
  it('cannot become markup: answers, prompts, names, configs', () => {
    const evil = '</script><script>alert("x")</script><img src=x onerror=alert(1)>';
    const small = smallComparison({ none: [1, 2], [evil]: [2, 3] });
    const hostile: RawComparison = {
      ...small,
      name: evil,
      description: evil,
      metrics: [{ id: 'score', label: evil, unit: evil, better: 'higher', description: evil }],
      arms: small.arms.map((arm) => ({ ...arm, description: evil, config: { [arm.name]: evil } })),
      runs: small.runs.map((run) => ({
        ...run,
        failure: evil,
        curves: { [evil]: { steps: [1, 2], values: [1, 2] } },
        frontier: [{ step: 1, kl: 1, reward: 1 }],
      })),
      samples: [{ prompt: evil, split: evil, reference: evil, before: [{ temperature: 1, text: evil }], after: [] }],
      dataReport: [evil],
      facts: { [evil]: evil },
    };
    const text = ownPart(report(hostile));
    expect(text).not.toContain('<img');
    expect(text).not.toContain('<script>alert');
    expect(text.match(/<script/g)?.length).toBe(text.match(/<\/script>/g)?.length);
    expect(text.split('&lt;img src=x').length).toBeGreaterThan(10);
  });

  it('contain every section, arm, verdict and sample', () => {
    const titles = [...own.matchAll(/<h2[^>]*>([^<]*)<\/h2>/g)].map(([, title]) => title);
    expect(titles).toEqual([
      'Verdict',
      'Metrics',
      'Differences',
      'Cost',
      'Reward against KL',
      'Against temperature',
      'Training curves',
      'Sample answers',
      'Set-up',
      'Method',
    ]);
    for (const { prompt } of raw.samples ?? []) expect(own).toContain(prompt.slice(0, 5));
    for (const line of raw.dataReport ?? []) expect(own).toContain(line);
  });

  it('say empty for an empty answer and missing for an absent one', () => {
    const samples = [{ prompt: 'p', after: [{ arm: 'none', seed: 0, temperature: 1, text: '' }] }];
    const text = ownPart(report({ ...smallComparison({ none: [1], arm: [1] }), samples }));
    expect(text).toContain('(empty answer)');
    expect(text).toContain('<span class="missing">missing</span>');
  });

  it('say beside a number how many seeds it rests on, where some are missing', () => {
    const text = ownPart(report(smallComparison({ none: [1, 2, 3], arm: [2, null, 4] })));
    const cells = text.match(/<td class="number">[^]*?<\/td>/g) ?? [];
    // The arm's mean and its difference.
    expect(cells.filter((cell) => cell.includes('<span class="range">2 of 3 seeds</span>'))).toHaveLength(2);
    expect(own).not.toContain('of 3 seeds');
  });

  it('leave out sections without content', () => {
    const text = ownPart(report(smallComparison({ none: [1, 2], arm: [2, 3] })));
    for (const id of ['frontier', 'temperature', 'training', 'samples']) expect(text).not.toContain(`id="${id}"`);
  });

  it('survive a comparison with one arm, and one without any result', () => {
    expect(report(smallComparison({ alone: [1, 2] }))).toContain('alone');
    expect(report({ ...smallComparison({ none: [1], arm: [1] }), runs: [] })).toContain('there is no run');
  });
});

describe('flattenConfig', () => {
  it('gives one line per leaf', () => {
    const config = { a: { b: 1, c: [true, { d: 'x' }] }, e: [], f: {}, g: null };
    expect([...flattenConfig(config)]).toEqual([
      ['a.b', '1'],
      ['a.c[0]', 'true'],
      ['a.c[1].d', 'x'],
      ['e', '[]'],
      ['f', '{}'],
      ['g', 'null'],
    ]);
  });
});
