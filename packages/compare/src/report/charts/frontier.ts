import type { SeriesOption } from 'echarts';
import { mean } from 'simple-statistics';
import type { FrontierPoint, RawComparison } from '../../raw/schema.ts';
import { armLook, TOKENS } from '../palette.ts';
import { baseOption, legendOf, rounded, valueAxis, type Chart } from './chart.ts';

interface Place {
  readonly step: number;
  readonly kl: number;
  readonly reward: number;
}

type Measure = NonNullable<FrontierPoint['measure']>;

const MEASURE_NAMES: Record<Measure, string> = {
  reward: 'reward',
  accuracy: 'reward accuracy',
  separation: 'reward separation',
};

/** What was measured against KL over training, one chart each: mostly one, none without points. */
export function frontierCharts(raw: RawComparison): Chart[] {
  const measures = ['reward', 'accuracy', 'separation'] as const;
  return measures.flatMap((measure) => frontierChart(raw, measure) ?? []);
}

/** A thin line per seed, a thick one through the mean of the seeds. Null without points of this measure. */
function frontierChart(raw: RawComparison, measure: Measure): Chart | null {
  const name = MEASURE_NAMES[measure];
  const series = raw.arms.flatMap((arm, index) => {
    const seeds = raw.runs.filter((run) => run.arm === arm.name).map((run) => complete(run.frontier ?? [], measure));
    const filled = seeds.filter((places) => places.length > 0);
    return filled.length === 0 ? [] : armSeries(arm.name, index, filled, name);
  });
  if (series.length === 0) return null;
  return {
    title: `${name.charAt(0).toUpperCase()}${name.slice(1)} against KL`,
    description: `Where each arm stands during training: ${name} against divergence from the reference.`,
    height: 420,
    option: {
      ...baseOption(legendOf(raw.arms.map((arm) => arm.name))),
      grid: { top: 40, left: 30, right: 20, bottom: 40, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      xAxis: { ...valueAxis('KL to the reference'), nameGap: 28 },
      yAxis: { ...valueAxis(name), nameGap: 48 },
      series,
    },
  };
}

function armSeries(arm: string, index: number, seeds: readonly Place[][], name: string): SeriesOption[] {
  const look = armLook(index);
  const thin = seeds.length < 2 ? [] : seeds;
  return [
    ...thin.map(
      (places): SeriesOption =>
        ({
          name: arm,
          type: 'line',
          silent: true,
          symbol: 'none',
          lineStyle: { color: look.color, width: 1, opacity: 0.45 },
          itemStyle: { color: look.color },
          data: places.map(({ kl, reward }) => [rounded(kl), rounded(reward)]),
        }) as const,
    ),
    {
      name: arm,
      type: 'line',
      symbol: look.symbol,
      symbolSize: 8,
      lineStyle: { color: look.color, width: 2.5, type: look.dash },
      itemStyle: { color: look.color, borderColor: TOKENS.surface, borderWidth: 1 },
      tooltip: { formatter: '{b}' },
      data: meanPlaces(seeds).map(({ step, kl, reward }) => ({
        name: `${arm}, step ${step}\nKL ${rounded(kl)}\n${name} ${rounded(reward)}`,
        value: [rounded(kl), rounded(reward)],
      })),
    },
  ];
}

function complete(points: readonly FrontierPoint[], measure: Measure): Place[] {
  const own = points.filter((point) => (point.measure ?? 'reward') === measure);
  return own.filter(
    (point): point is FrontierPoint & Place => Number.isFinite(point.kl) && Number.isFinite(point.reward),
  );
}

/** The mean over the seeds that have the step. */
function meanPlaces(seeds: readonly Place[][]): Place[] {
  const steps = [...new Set(seeds.flat().map(({ step }) => step))].sort((left, right) => left - right);
  return steps.map((step) => {
    const here = seeds.flat().filter((place) => place.step === step);
    return { step, kl: mean(here.map(({ kl }) => kl)), reward: mean(here.map(({ reward }) => reward)) };
  });
}
