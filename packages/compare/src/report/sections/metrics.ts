import { formatCount, formatNumber, formatP, formatRange, formatSigned, MISSING } from '../../format.ts';
import type { RawComparison } from '../../raw/schema.ts';
import { isAtFloor } from '../../statistics/signFlip.ts';
import { splitKeyMeasures } from '../../summary/keyMeasures.ts';
import type { Contrast, Estimate, MeasureSummary, Summary } from '../../summary/schema.ts';
import { html, type Html } from '../html.ts';
import {
  armLabel,
  estimateCell,
  fewerSeeds,
  intervalName,
  numberCell,
  outcomeLabel,
  scrolling,
  type Section,
} from '../page/parts.ts';

/** Means, paired differences, intervals and corrected p-values: the key measures at once, the others folded. */
export function metricsSection(_raw: RawComparison, summary: Summary): Section {
  const { key, others } = splitKeyMeasures(summary);
  const seeds = formatCount(summary.seeds.length, 'seed');
  const body = html`<p class="muted small">
      Mean over ${seeds} (a cell that rests on fewer says so) with the ${intervalName(summary.analysis.confidence)}
      below it. Differences are arm minus ${summary.baseline}, paired; p is corrected over
      ${formatCount(summary.tests, 'test')}.
    </p>
    ${measureTable(key, summary)}
    ${
      others.length > 0 &&
      html`<details>
        <summary>${others.length} more measures (other temperatures and splits)</summary>
        ${measureTable(others, summary)}
      </details>`
    }
    <details>
      <summary>Values per seed, and tests by seed</summary>
      ${seedTable(summary)}
    </details>`;
  return { id: 'metrics', title: 'Metrics', body };
}

function measureTable(measures: readonly MeasureSummary[], summary: Summary): Html {
  const interval = intervalName(summary.analysis.confidence);
  return scrolling(
    html`<table class="measures">
      <thead>
        <tr>
          <th scope="col">Arm</th>
          <th scope="col" class="number">Mean<br />${interval}</th>
          <th scope="col" class="number">Difference to ${summary.baseline}<br />${interval}</th>
          <th scope="col" class="number">p, corrected<br />unit</th>
          <th scope="col">Difference</th>
        </tr>
      </thead>
      ${measures.map((measure) => measureBody(measure, summary))}
    </table>`,
  );
}

function measureBody(measure: MeasureSummary, summary: Summary): Html {
  const { digits } = measure.definition;
  return html`<tbody>
    <tr>
      <th scope="rowgroup" colspan="5">${measureTitle(measure)}</th>
    </tr>
    ${measure.before !== null && beforeRow(measure.before, digits)}
    ${measure.estimates.map((estimate) => {
      const contrast = measure.contrasts.find(({ arm }) => arm === estimate.arm);
      return html`<tr>
        <td>${armLabel(summary.arms, estimate.arm)}</td>
        ${estimateCell(estimate, digits)} ${contrastCells(contrast, digits)}
      </tr>`;
    })}
  </tbody>`;
}

function beforeRow(before: number, digits: number | undefined): Html {
  return html`<tr class="muted">
    <td>before training</td>
    ${numberCell(formatNumber(before, digits))}
    <td colspan="3"></td>
  </tr>`;
}

function measureTitle({ label, definition }: MeasureSummary): Html {
  const direction = {
    higher: '\u2191 higher is better',
    lower: '\u2193 lower is better',
    neutral: 'neither direction is better',
  }[definition.better];
  const unit = definition.unit ? `${definition.unit}, ` : '';
  return html`${label} <span class="direction">${unit}${direction}</span>`;
}

/** The baseline has no contrast: its cells are empty, not missing. */
function contrastCells(contrast: Contrast | undefined, digits: number | undefined): Html {
  if (!contrast)
    return html`<td colspan="2"></td>
      <td class="muted">baseline</td>`;
  return html`${differenceCell(contrast, digits)} ${pCell(contrast)}
    <td>${outcomeLabel(contrast.outcome)}</td>`;
}

function differenceCell({ difference, interval, perSeed }: Contrast, digits: number | undefined): Html {
  if (difference === null) return numberCell(MISSING);
  const range = interval
    ? html`${formatRange(interval.low, interval.high, digits, true)}<br />over ${interval.over}`
    : 'no interval';
  return html`<td class="number">
    ${formatSigned(difference, digits)}<span class="range">${range}</span>${fewerSeeds(perSeed)}
  </td>`;
}

function pCell({ test, correctedP }: Contrast): Html {
  if (!test) return numberCell(MISSING);
  const unit = formatCount(test.units, test.unit);
  return html`<td class="number">${formatP(correctedP, isAtFloor(test))}<span class="range">${unit}</span></td>`;
}

function seedTable(summary: Summary): Html {
  return scrolling(
    html`<table>
      <thead>
        <tr>
          <th scope="col">Measure</th>
          <th scope="col">Arm</th>
          ${summary.seeds.map((seed) => html`<th scope="col" class="number">Seed ${seed}</th>`)}
          <th scope="col" class="number">Difference by seed</th>
          <th scope="col" class="number">p by seed, uncorrected</th>
        </tr>
      </thead>
      ${summary.measures.map(
        (measure) =>
          html`<tbody>
            ${measure.estimates.map((estimate, index) => seedRow(measure, estimate, index === 0, summary))}
          </tbody>`,
      )}
    </table>`,
  );
}

function seedRow(measure: MeasureSummary, { arm, perSeed }: Estimate, first: boolean, summary: Summary): Html {
  const { digits } = measure.definition;
  const contrast = measure.contrasts.find((candidate) => candidate.arm === arm);
  const differences = contrast?.perSeed.map((difference) => formatSigned(difference, digits)).join(', ') ?? '';
  const test = contrast?.seedTest;
  return html`<tr>
    ${first && html`<th scope="rowgroup" rowspan="${measure.estimates.length}">${measure.label}</th>`}
    <td>${armLabel(summary.arms, arm)}</td>
    ${perSeed.map((value) => numberCell(formatNumber(value, digits)))}
    <td class="number">${differences}</td>
    <td class="number">
      ${test ? `${formatP(test.p, isAtFloor(test))} (least ${formatP(test.smallestPossible)})` : ''}
    </td>
  </tr>`;
}
