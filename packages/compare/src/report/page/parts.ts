import { formatFewerSeeds, formatNumber, formatPercent, formatRange, MISSING } from '../../format.ts';
import type { Estimate, Outcome } from '../../summary/schema.ts';
import type { Chart } from '../charts/chart.ts';
import { html, jsonForScript, type Content, type Html } from '../html.ts';
import { armColorVariable } from '../palette.ts';

/** A section of the page with an anchor for the navigation. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

/** A chart's place and, beside it, its option as JSON for the page's script. */
export function figure(chart: Chart): Html {
  return html`<figure>
    <figcaption>${chart.title}</figcaption>
    <div class="chart" style="height: ${chart.height}px" role="img" aria-label="${chart.description}"></div>
    <script type="application/json">
      ${jsonForScript(chart.option)}
    </script>
  </figure>`;
}

/** An arm's name with its colour. */
export function armLabel(arms: readonly string[], arm: string): Html {
  return html`<span class="arm" style="--arm: ${armColorVariable(arms.indexOf(arm))}">${arm}</span>`;
}

/** A table cell for a number that may be missing. */
export function numberCell(text: string): Html {
  const className = text === MISSING ? 'number missing' : 'number';
  return html`<td class="${className}">${text}</td>`;
}

/** Mean with its interval below. */
export function estimateCell(estimate: Estimate | undefined, digits: number | undefined): Html {
  if (!estimate || estimate.mean === null) return numberCell(MISSING);
  const { mean, interval, perSeed } = estimate;
  const range = interval && html`<span class="range">${formatRange(interval.low, interval.high, digits)}</span>`;
  return html`<td class="number">${formatNumber(mean, digits)}${range}${fewerSeeds(perSeed)}</td>`;
}

/** `1 of 3 seeds` on a line of its own, where some are missing. */
export function fewerSeeds(perSeed: Estimate['perSeed']): Html | null {
  const text = formatFewerSeeds(perSeed);
  return text === null ? null : html`<span class="range">${text}</span>`;
}

const OUTCOME_TEXT: Record<Outcome, string> = {
  better: '\u25b2 better',
  worse: '\u25bc worse',
  higher: '\u2197 higher',
  lower: '\u2198 lower',
  'not shown': 'none shown',
  missing: MISSING,
};

export function outcomeLabel(outcome: Outcome): Html {
  return html`<span class="outcome ${outcome.replace(' ', '-')}">${OUTCOME_TEXT[outcome]}</span>`;
}

/** A table that scrolls sideways inside its own box on a narrow screen. */
export function scrolling(table: Html): Html {
  return html`<div class="scroll" tabindex="0">${table}</div>`;
}

export function list(lines: readonly Content[]): Html {
  return html`<ul class="plain">
    ${lines.map((line) => html`<li>${line}</li>`)}
  </ul>`;
}

export function intervalName(confidence: number): string {
  return `${formatPercent(confidence)} interval`;
}
