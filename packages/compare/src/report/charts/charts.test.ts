import * as echarts from 'echarts';
import { describe, expect, it } from 'vitest';
import type { RawComparison } from '../../raw/schema.ts';
import { summarize } from '../../summary/summarize.ts';
import { simulateComparison } from '../../testdata/simulateComparison.ts';
import { frontierSection } from '../sections/charts.ts';
import { seedBand, windowSize } from './aggregate.ts';
import type { Chart } from './chart.ts';
import { curveCharts } from './curves.ts';
import { forestCharts } from './forest.ts';
import { frontierCharts } from './frontier.ts';
import { temperatureCharts } from './temperature.ts';

const raw = simulateComparison({ prompts: 8 });
const summary = summarize(raw, { resamples: 200, permutations: 200 });
const charts = [...forestCharts(summary), ...frontierCharts(raw), ...temperatureCharts(summary), ...curveCharts(raw)];

function draw({ option, height }: Chart): string {
  const instance = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 600, height });
  instance.setOption(JSON.parse(JSON.stringify(option)) as echarts.EChartsOption); // as the page does
  const svg = instance.renderToSVGString();
  instance.dispose();
  return svg;
}

describe('every chart', () => {
  it.each(charts.map((chart) => [chart.title, chart] as const))('%s is drawn by ECharts from its JSON', (_, chart) => {
    const svg = draw(chart);
    for (const arm of ['kl', 'ganpo']) expect(svg).toContain(`>${arm}</text>`);
    expect(svg).not.toContain('NaN');
  });

  it('exists for each metric, training metric and temperature series', () => {
    expect(forestCharts(summary).map(({ title }) => title)).toHaveLength(5);
    expect(temperatureCharts(summary)).toHaveLength(6); // 3 metrics × 2 splits
    expect(curveCharts(raw).map(({ title }) => title)).toContain('rewards/margins');
  });

  it('is left out where there is nothing to draw', () => {
    const bare = { ...raw, runs: raw.runs.map(({ arm, seed }) => ({ arm, seed, measurements: [] })), before: [] };
    expect(frontierCharts(bare)).toEqual([]);
    expect(curveCharts(bare)).toEqual([]);
    expect(forestCharts(summarize(bare))).toEqual([]);
    expect(temperatureCharts(summarize(bare))).toEqual([]);
  });
});

describe('the frontier', () => {
  const measuredAs = (measure: 'accuracy' | 'separation', arms = ['none', 'kl', 'ganpo']): RawComparison => ({
    ...raw,
    runs: raw.runs.map((run) =>
      arms.includes(run.arm) ? { ...run, frontier: (run.frontier ?? []).map((point) => ({ ...point, measure })) } : run,
    ),
  });

  it('names what was measured: a reward unless its points say otherwise', () => {
    expect(frontierCharts(raw).map(({ title }) => title)).toEqual(['Reward against KL']);
    const [accuracy, ...others] = frontierCharts(measuredAs('accuracy'));
    expect(others).toEqual([]);
    expect(accuracy?.title).toBe('Reward accuracy against KL');
    expect(accuracy?.option.yAxis).toMatchObject({ name: 'reward accuracy' });
    expect(JSON.stringify(accuracy?.option.series)).toContain('\\nreward accuracy ');
    expect(frontierSection(measuredAs('separation'))?.title).toBe('Reward separation against KL');
  });

  it('puts different measures on different axes', () => {
    const mixed = measuredAs('accuracy', ['ganpo']);
    expect(frontierCharts(mixed).map(({ title }) => title)).toEqual([
      'Reward against KL',
      'Reward accuracy against KL',
    ]);
    expect(frontierSection(mixed)?.title).toBe('Course against KL');
  });
});

describe('seedBand', () => {
  it('gives mean and range over the seeds that have the step', () => {
    const curves = [
      { steps: [1, 2, 3], values: [1, null, 5] },
      { steps: [1, 3], values: [3, NaN] },
    ];
    expect(seedBand(curves)).toEqual([
      { step: 1, mean: 2, low: 1, high: 3 },
      { step: 3, mean: 5, low: 5, high: 5 },
    ]);
  });

  it('averages neighbouring steps of a long curve, per seed', () => {
    const steps = Array.from({ length: 1000 }, (_, index) => index);
    const curves = [0, 1].map((seed) => ({ steps, values: steps.map((step) => step + seed) }));
    const window = windowSize(curves);
    const points = seedBand(curves, window);
    expect(window).toBe(5);
    expect(points).toHaveLength(200);
    expect(points[0]).toEqual({ step: 4, mean: 2.5, low: 2, high: 3 });
  });
});
