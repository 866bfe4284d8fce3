import { formatBytes, formatRange, formatRate, formatRatio, formatSeconds } from '../../format.ts';
import type { RawComparison } from '../../raw/schema.ts';
import type { ArmCost, Ratio, Summary } from '../../summary/schema.ts';
import { html, type Html } from '../html.ts';
import { armLabel, numberCell, scrolling, type Section } from '../page/parts.ts';

/** What each arm costs, and how much more than the baseline. */
export function costSection(_raw: RawComparison, summary: Summary): Section {
  const body = html`<p class="muted small">
      Means over seeds; peak memory is the largest of the seeds. Ratios are to ${summary.baseline} with the same seed
      (geometric mean, with their range).
    </p>
    ${scrolling(
      html`<table>
        <thead>
          <tr>
            <th scope="col">Arm</th>
            <th scope="col" class="number">Time per step</th>
            <th scope="col" class="number">Run time</th>
            <th scope="col" class="number">Tokens/s</th>
            <th scope="col" class="number">Peak memory</th>
            <th scope="col" class="number">Time, ratio</th>
            <th scope="col" class="number">Memory, ratio</th>
          </tr>
        </thead>
        <tbody>
          ${summary.costs.map((cost) => costRow(cost, summary))}
        </tbody>
      </table>`,
    )}`;
  return { id: 'cost', title: 'Cost', body };
}

function costRow(cost: ArmCost, { arms, baseline }: Summary): Html {
  return html`<tr>
    <th scope="row">${armLabel(arms, cost.arm)}</th>
    ${numberCell(formatSeconds(cost.secondsPerStep))} ${numberCell(formatSeconds(cost.seconds))}
    ${numberCell(formatRate(cost.tokensPerSecond))} ${numberCell(formatBytes(cost.peakMemoryBytes))}
    ${cost.arm === baseline ? BASELINE_CELLS : html`${ratioCell(cost.overhead)}${ratioCell(cost.memoryRatio)}`}
  </tr>`;
}

const BASELINE_CELLS = html`<td class="number muted">baseline</td>
  <td class="number muted">baseline</td>`;

function ratioCell(ratio: Ratio | null): Html {
  if (!ratio) return numberCell(formatRatio(null));
  const range = ratio.seeds > 1 && html`<span class="range">${formatRange(ratio.lowest, ratio.highest, 2)}</span>`;
  return html`<td class="number">${formatRatio(ratio.mean)}${range}</td>`;
}
