import type { RawComparison } from '../../raw/schema.ts';
import type { Summary } from '../../summary/schema.ts';
import { html, type Html } from '../html.ts';
import { armColorVariable } from '../palette.ts';
import { outcomeLabel, type Section } from '../page/parts.ts';

/** What the comparison says, in words, and what it lacks. */
export function verdictSection(_raw: RawComparison, summary: Summary): Section {
  const body = html`<p class="headline">${summary.headline.sentence}</p>
    <ul class="verdicts">
      ${summary.verdicts.map((verdict) => verdictCard(summary, verdict))}
    </ul>
    ${missingNote(summary)}`;
  return { id: 'verdict', title: 'Verdict', body };
}

function verdictCard(summary: Summary, { arm, sentence, headline }: Summary['verdicts'][number]): Html {
  return html`<li style="--arm: ${armColorVariable(summary.arms.indexOf(arm))}">
    <div class="name"><span class="arm">${arm}</span> ${outcomeLabel(headline)}</div>
    <p>${sentence}</p>
  </li>`;
}

function missingNote({ missing }: Summary): Html | null {
  if (missing.length === 0) return null;
  return html`<div class="note">
    <strong>Missing from this comparison</strong>
    <ul>
      ${missing.map((line) => html`<li>${line}</li>`)}
    </ul>
  </div>`;
}
