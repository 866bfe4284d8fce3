import type { EChartsOption } from 'echarts';
import { armLook, TOKENS } from '../palette.ts';

/** A chart as data: an ECharts option without functions, whose colours may be tokens. */
export interface Chart {
  readonly title: string;
  /** What a person who cannot see the chart is told. */
  readonly description: string;
  readonly height: number; // CSS pixels
  readonly option: EChartsOption;
}

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif';

/** A name in the legend: an arm by its place among the arms, or (null) something else. */
export interface LegendEntry {
  readonly name: string;
  readonly index: number | null;
}

/** Arms from the given place on, for the legend. */
export function legendOf(arms: readonly string[], from = 0): LegendEntry[] {
  return arms.map((name, index) => ({ name, index })).slice(from);
}

/** What all charts share. Tooltips are drawn as text, never as HTML: names come from configs. */
export function baseOption(arms: readonly LegendEntry[]) {
  return {
    animation: false,
    textStyle: { fontFamily: FONT, color: TOKENS.ink },
    backgroundColor: 'transparent',
    tooltip: {
      renderMode: 'richText',
      confine: true,
      backgroundColor: TOKENS.surface,
      borderColor: TOKENS.line,
      textStyle: { color: TOKENS.ink, fontSize: 12, fontFamily: FONT },
    },
    legend: {
      type: 'scroll', // many arms page instead of covering the plot
      data: arms.map(({ name, index }) => ({ name, icon: index === null ? 'roundRect' : armLook(index).symbol })),
      top: 0,
      left: 0,
      itemWidth: 11,
      itemHeight: 9,
      textStyle: { color: TOKENS.ink, fontSize: 12 },
      inactiveColor: TOKENS.line,
    },
  } satisfies EChartsOption;
}

/** Looks of a value axis. */
export function valueAxis(name: string) {
  return {
    type: 'value',
    scale: true,
    name,
    nameLocation: 'middle',
    nameTextStyle: { color: TOKENS.muted, fontSize: 12 },
    axisLabel: { color: TOKENS.muted, fontSize: 11, hideOverlap: true },
    axisLine: { show: true, lineStyle: { color: TOKENS.line } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: TOKENS.line, opacity: 0.6 } },
  } as const;
}

/** Five significant digits: all that a chart can show, and short in a tooltip. */
export function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
