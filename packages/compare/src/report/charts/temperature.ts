import type { SeriesOption } from 'echarts';
import { formatFewerSeeds, formatNumber, formatRange, formatTemperature } from '../../format.ts';
import type { MeasureSummary, Summary } from '../../summary/schema.ts';
import { armLook, TOKENS } from '../palette.ts';
import { baseOption, legendOf, rounded, valueAxis, type Chart } from './chart.ts';

const BEFORE = 'before training';

/** One chart per metric and split that was measured at several temperatures: mean and interval of each arm. */
export function temperatureCharts(summary: Summary): Chart[] {
  const groups = new Map<string, MeasureSummary[]>();
  for (const measure of summary.measures) {
    if (measure.key.temperature === undefined) continue;
    const key = JSON.stringify([measure.key.metric, measure.key.split]);
    groups.set(key, [...(groups.get(key) ?? []), measure]);
  }
  return [...groups.values()].filter((measures) => measures.length > 1).map((measures) => chart(summary, measures));
}

function chart(summary: Summary, measures: readonly MeasureSummary[]): Chart {
  const temperatures = measures.map(({ key }) => key.temperature ?? NaN);
  const [lowest, highest] = [Math.min(...temperatures), Math.max(...temperatures)];
  const margin = (highest - lowest) * 0.08;
  const { definition, key } = measures[0] ?? { definition: undefined, key: undefined };
  const title = [definition?.label, key?.split].filter(Boolean).join(', ');
  const before = beforeSeries(measures);
  return {
    title: definition?.unit ? `${title} (${definition.unit})` : title,
    description: `${title} against sampling temperature, one line per arm with its interval.`,
    height: 280,
    option: {
      ...baseOption([...before.map(() => ({ name: BEFORE, index: null })), ...legendOf(summary.arms)]),
      grid: { top: 34, left: 8, right: 14, bottom: 30, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      xAxis: {
        ...valueAxis('temperature'),
        nameGap: 24,
        min: rounded(lowest - margin),
        max: rounded(highest + margin),
        axisLabel: { color: TOKENS.muted, fontSize: 11, customValues: temperatures },
        axisTick: { show: true, customValues: temperatures, lineStyle: { color: TOKENS.line } },
        splitLine: { show: false },
      },
      yAxis: valueAxis(''),
      series: [
        ...before,
        ...summary.arms.flatMap((arm, index) => {
          const shift = (index - (summary.arms.length - 1) / 2) * margin * 0.2;
          return armSeries(arm, index, shift, measures);
        }),
      ],
    },
  };
}

/** Arms stand a little beside one another, so that their whiskers can be told apart. */
function armSeries(arm: string, index: number, shift: number, measures: readonly MeasureSummary[]): SeriesOption[] {
  const look = armLook(index);
  const points = measures.flatMap(({ key, definition, estimates }) => {
    const found = estimates.find((estimate) => estimate.arm === arm);
    const mean = found?.mean ?? null;
    if (mean === null || !found) return [];
    const x = rounded((key.temperature ?? NaN) + shift);
    return [{ x, mean, interval: found.interval, fewer: formatFewerSeeds(found.perSeed), key, definition }];
  });
  return [
    {
      name: arm,
      type: 'line',
      silent: true,
      symbol: 'none',
      lineStyle: { color: look.color, width: 1.5, opacity: 0.8 },
      itemStyle: { color: look.color },
      tooltip: { show: false },
      data: points.flatMap(({ x, interval }) =>
        interval
          ? [
              [x, rounded(interval.low)],
              [x, rounded(interval.high)],
              ['-', '-'],
            ]
          : [],
      ),
    },
    {
      name: arm,
      type: 'line',
      symbol: look.symbol,
      symbolSize: 8,
      lineStyle: { color: look.color, width: 2, type: look.dash },
      itemStyle: { color: look.color },
      tooltip: { formatter: '{b}' },
      data: points.map(({ x, mean, interval, fewer, key, definition }) => ({
        name: [
          `${arm}, T = ${formatTemperature(key.temperature ?? NaN)}`,
          formatNumber(mean, definition.digits),
          interval && `(${formatRange(interval.low, interval.high, definition.digits)})`,
          fewer,
        ]
          .filter(Boolean)
          .join('\n'),
        value: [x, rounded(mean)],
      })),
    },
  ];
}

function beforeSeries(measures: readonly MeasureSummary[]): SeriesOption[] {
  const data = measures.flatMap(({ key, before }) =>
    before === null ? [] : [[key.temperature ?? NaN, rounded(before)]],
  );
  if (data.length === 0) return [];
  return [
    {
      name: BEFORE,
      type: 'line',
      symbol: 'none',
      lineStyle: { color: TOKENS.muted, width: 1.5, type: 'dotted' },
      itemStyle: { color: TOKENS.muted },
      data,
    },
  ];
}
