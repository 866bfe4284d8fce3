import type { LineSeriesOption, SeriesOption } from 'echarts';
import type { RawComparison } from '../../raw/schema.ts';
import { armLook } from '../palette.ts';
import { seedBand, windowSize, type BandPoint, type SeedCurve } from './aggregate.ts';
import { baseOption, legendOf, rounded, valueAxis, type Chart } from './chart.ts';

/** One chart per training metric: a line per arm (mean over seeds) in the band of its seeds (lowest to highest). */
export function curveCharts(raw: RawComparison): Chart[] {
  const names = [...new Set(raw.runs.flatMap((run) => Object.keys(run.curves ?? {})))];
  return names.map((name) => {
    const curves = raw.arms.map((arm) => curvesOf(raw, arm.name, name));
    const window = windowSize(curves.flat());
    const base = baseOption(legendOf(raw.arms.map((arm) => arm.name)));
    return {
      title: name,
      description: `${name} over training steps, one line per arm with the range over seeds.`,
      height: 260,
      option: {
        ...base,
        tooltip: { ...base.tooltip, trigger: 'axis' },
        grid: { top: 34, left: 8, right: 14, bottom: 30, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
        xAxis: {
          ...valueAxis(window === 1 ? 'step' : `step (each point averages ${window} steps)`),
          nameGap: 24,
          splitLine: { show: false },
          axisPointer: { label: { precision: 0 } },
        },
        yAxis: valueAxis(''),
        series: raw.arms.flatMap((arm, index) => armSeries(arm.name, index, seedBand(curves[index] ?? [], window))),
      },
    };
  });
}

function curvesOf(raw: RawComparison, arm: string, name: string): SeedCurve[] {
  return raw.runs.filter((run) => run.arm === arm).flatMap((run) => run.curves?.[name] ?? []);
}

/** The band is two stacked areas: an invisible one up to the lowest seed, a tinted one from there to the highest. */
function armSeries(arm: string, index: number, points: readonly BandPoint[]): SeriesOption[] {
  const look = armLook(index);
  const band: LineSeriesOption = {
    type: 'line',
    name: arm,
    symbol: 'none',
    silent: true,
    stack: `band ${index}`,
    stackStrategy: 'all',
    lineStyle: { opacity: 0 },
    itemStyle: { color: look.color },
    tooltip: { show: false },
  };
  const line: LineSeriesOption = {
    type: 'line',
    name: arm,
    symbol: look.symbol,
    showSymbol: false,
    lineStyle: { color: look.color, width: 2, type: look.dash },
    itemStyle: { color: look.color },
    data: points.map(({ step, mean }) => [step, rounded(mean)]),
  };
  const spread = points.some(({ low, high }) => high > low);
  if (!spread) return [line];
  return [
    line,
    { ...band, data: points.map(({ step, low }) => [step, low]) },
    {
      ...band,
      areaStyle: { color: look.color, opacity: 0.16 },
      data: points.map(({ step, low, high }) => [step, high - low]),
    },
  ];
}
