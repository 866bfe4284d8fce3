import type { RawComparison } from '../../raw/schema.ts';
import type { Summary } from '../../summary/schema.ts';
import { curveCharts } from '../charts/curves.ts';
import { forestCharts } from '../charts/forest.ts';
import { frontierCharts } from '../charts/frontier.ts';
import { temperatureCharts } from '../charts/temperature.ts';
import { html, type Html } from '../html.ts';
import { figure, intervalName, type Section } from '../page/parts.ts';

/** The differences of all measures with their intervals. */
export function forestSection(_raw: RawComparison, summary: Summary): Section | null {
  const charts = forestCharts(summary);
  if (charts.length === 0) return null;
  const body = html`<p class="muted small">
      Points are paired differences to ${summary.baseline}, lines their ${intervalName(summary.analysis.confidence)}s. A
      filled point is a difference that is shown after correction, a hollow one is not.
    </p>
    <div class="charts columns">${charts.map(figure)}</div>`;
  return { id: 'differences', title: 'Differences', body };
}

export function temperatureSection(_raw: RawComparison, summary: Summary): Section | null {
  const charts = temperatureCharts(summary);
  if (charts.length === 0) return null;
  const body = html`<p class="muted small">
      Mean and ${intervalName(summary.analysis.confidence)} of each arm at each sampling temperature.
    </p>
    <div class="charts">${charts.map(figure)}</div>`;
  return { id: 'temperature', title: 'Against temperature', body };
}

export function frontierSection(raw: RawComparison): Section | null {
  const charts = frontierCharts(raw);
  const [first] = charts;
  if (!first) return null;
  const body = html`<p class="muted small">
      Each arm's path through training: thick through the mean of the seeds, thin for each seed. Up is better; further
      left is closer to the reference.
    </p>
    <div class="charts wide">${charts.map(figure)}</div>`;
  return { id: 'frontier', title: charts.length === 1 ? first.title : 'Course against KL', body };
}

const FIRST_CHARTS = 6;

export function curvesSection(raw: RawComparison): Section | null {
  const charts = curveCharts(raw);
  if (charts.length === 0) return null;
  const others = charts.slice(FIRST_CHARTS);
  const body = html`<p class="muted small">
      Lines are means over seeds, bands reach from the lowest to the highest seed.
    </p>
    <div class="charts">${charts.slice(0, FIRST_CHARTS).map(figure)}</div>
    ${others.length > 0 && folded(`${others.length} more training metrics`, html`${others.map(figure)}`)}`;
  return { id: 'training', title: 'Training curves', body };
}

function folded(title: string, charts: Html): Html {
  return html`<details>
    <summary>${title}</summary>
    <div class="charts">${charts}</div>
  </details>`;
}
