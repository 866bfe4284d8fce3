import * as echarts from 'echarts';
import type { CaseResult } from './runCase.ts';

const SIZE = { width: 640, height: 400 };

/** Seconds against size on logarithmic axes, as SVG; undefined for a case of no growth. */
export function growthChart({ description, sides, growth }: CaseResult): string | undefined {
  if (growth === undefined) return undefined;
  const points = growth.x.flatMap((x, index) => {
    const seconds = sides[index]?.seconds;
    return seconds === undefined ? [] : [[x, seconds]];
  });
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  const exponent = growth.exponent === null ? '' : `, exponent ${growth.exponent.toFixed(2)}`;
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: `${description}${exponent}`, textStyle: { fontSize: 14 } },
    grid: { left: 70, right: 24, top: 56, bottom: 48 },
    xAxis: { type: 'log', name: growth.axis, nameLocation: 'middle', nameGap: 30, logBase: 2 },
    yAxis: { type: 'log', name: 'seconds' },
    series: [{ type: 'line', data: points, symbolSize: 8 }],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
