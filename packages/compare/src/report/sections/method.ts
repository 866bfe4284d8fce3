import type { RawComparison } from '../../raw/schema.ts';
import type { Summary } from '../../summary/schema.ts';
import { html } from '../html.ts';
import { list, type Section } from '../page/parts.ts';

/** How the numbers came about, and what each metric means. */
export function methodSection(raw: RawComparison, summary: Summary): Section {
  const described = raw.metrics.filter(({ description }) => description !== undefined);
  const body = html`${list(summary.method)}
    ${
      described.length > 0 &&
      html`<h3>Metrics</h3>
        <dl class="facts">
          ${described.map(
            ({ label, description }) =>
              html`<dt>${label}</dt>
                <dd>${description}</dd>`,
          )}
        </dl>`
    }
    <p class="muted small">
      Sources: Efron &amp; Tibshirani 1993, An Introduction to the Bootstrap; Owen 2007, The pigeonhole bootstrap;
      Hesterberg 2015, What teachers should know about the bootstrap; Phipson &amp; Smyth 2010, Permutation p-values
      should never be zero; Holm 1979, A simple sequentially rejective multiple test procedure.
    </p>`;
  return { id: 'method', title: 'Method', body };
}
