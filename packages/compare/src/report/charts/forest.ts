import type { LineSeriesOption, SeriesOption } from 'echarts';
import {
  formatFewerSeeds,
  formatPercent,
  formatPEquation,
  formatRange,
  formatSetting,
  formatSigned,
} from '../../format.ts';
import { isAtFloor } from '../../statistics/signFlip.ts';
import type { Contrast, MeasureSummary, Summary } from '../../summary/schema.ts';
import { armLook, TOKENS } from '../palette.ts';
import { baseOption, legendOf, rounded, valueAxis, type Chart } from './chart.ts';

interface Row {
  readonly measure: MeasureSummary;
  readonly contrast: Contrast;
}

const ROW_HEIGHT = 24;

/** One forest plot per metric: the difference of every arm in every setting with its interval, around the line of no difference. */
export function forestCharts(summary: Summary): Chart[] {
  const metrics = [...new Set(summary.measures.map(({ definition }) => definition.id))];
  return metrics.flatMap((metric) => {
    const measures = summary.measures.filter(({ definition }) => definition.id === metric);
    const rows = measures.flatMap((measure) =>
      measure.contrasts.filter(({ difference }) => difference !== null).map((contrast) => ({ measure, contrast })),
    );
    return rows.length === 0 ? [] : [forestChart(summary, rows)];
  });
}

function forestChart(summary: Summary, rows: readonly Row[]): Chart {
  const definition = rows[0]?.measure.definition;
  const label = definition?.label ?? '';
  const unit = definition?.unit ? `, ${definition.unit}` : '';
  const better = { higher: 'right is better', lower: 'left is better', neutral: 'neither side is better' };
  const arms = summary.arms.slice(1);
  return {
    title: `${label} (${better[definition?.better ?? 'neutral']})`,
    description: `Forest plot of the differences in ${label} to ${summary.baseline}; the table lists the same numbers.`,
    height: rows.length * ROW_HEIGHT + 90,
    option: {
      ...baseOption(legendOf(summary.arms, 1)),
      grid: { top: 34, left: 8, right: 18, bottom: 40, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      xAxis: { ...valueAxis(`difference to ${summary.baseline}${unit}`), nameGap: 28, scale: false },
      yAxis: {
        type: 'category',
        inverse: true,
        data: rows.map(({ measure, contrast }) =>
          [formatSetting(measure.key), contrast.arm].filter(Boolean).join(' \u00b7 '),
        ),
        axisLabel: { color: TOKENS.ink, fontSize: 11.5, interval: 0, width: 190, overflow: 'truncate' },
        axisLine: { show: false },
        axisTick: { show: false },
      },
      series: arms.flatMap((arm, index) => armSeries(summary, arm, index + 1, rows)),
    },
  };
}

/** Whiskers and points of one arm; the first arm drawn also draws the line of no difference. */
function armSeries(summary: Summary, arm: string, index: number, rows: readonly Row[]): SeriesOption[] {
  const look = armLook(index);
  const own = rows.map((row, place) => ({ ...row, place })).filter(({ contrast }) => contrast.arm === arm);
  const whiskers = own.flatMap(({ contrast: { interval }, place }) =>
    interval
      ? [
          [rounded(interval.low), place],
          [rounded(interval.high), place],
          ['-', '-'],
        ]
      : [],
  );
  const zero: NonNullable<LineSeriesOption['markLine']> = {
    silent: true,
    symbol: 'none',
    label: { show: false },
    lineStyle: { color: TOKENS.muted, type: 'solid', width: 1 },
    data: [{ xAxis: 0 }],
  };
  return [
    {
      name: arm,
      type: 'line',
      silent: true,
      symbol: 'none',
      lineStyle: { color: look.color, width: 2 },
      itemStyle: { color: look.color },
      tooltip: { show: false },
      data: whiskers,
      ...(index === 1 ? { markLine: zero } : {}),
    },
    {
      name: arm,
      type: 'scatter',
      symbol: look.symbol,
      symbolSize: 10,
      itemStyle: { color: look.color },
      tooltip: { formatter: '{b}' },
      data: own.map((row) => point(summary, row, row.place, look.color)),
    },
  ];
}

/** Filled when a difference is shown, hollow when not. */
function point(summary: Summary, { measure, contrast }: Row, place: number, color: string) {
  const shown = contrast.outcome !== 'not shown';
  return {
    name: tooltip(summary, measure, contrast),
    value: [rounded(contrast.difference ?? NaN), place],
    itemStyle: { color: shown ? color : TOKENS.surface, borderColor: color, borderWidth: 2 },
  };
}

function tooltip({ analysis, baseline }: Summary, { definition, label }: MeasureSummary, contrast: Contrast): string {
  const { arm, difference, interval, correctedP, outcome, perSeed, test } = contrast;
  return [
    `${arm} − ${baseline}: ${label}`,
    `difference ${formatSigned(difference, definition.digits)}`,
    interval &&
      `${formatPercent(analysis.confidence)} interval ${formatRange(interval.low, interval.high, definition.digits, true)} (over ${interval.over})`,
    correctedP !== null && `corrected ${formatPEquation(correctedP, isAtFloor(test))}`,
    formatFewerSeeds(perSeed),
    outcome === 'not shown' ? 'no difference shown' : outcome,
  ]
    .filter(Boolean)
    .join('\n');
}
