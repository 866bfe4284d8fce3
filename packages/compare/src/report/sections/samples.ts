import { formatTemperature } from '../../format.ts';
import type { RawComparison, SampleAnswers } from '../../raw/schema.ts';
import { html, type Html } from '../html.ts';
import { armLabel, scrolling, type Section } from '../page/parts.ts';

const OPEN = 2;
const TITLE_LENGTH = 90;

/** Answers before training and of each arm, side by side, one row per temperature. */
export function samplesSection(raw: RawComparison): Section | null {
  const samples = raw.samples ?? [];
  if (samples.length === 0) return null;
  return {
    id: 'samples',
    title: 'Sample answers',
    body: html`${samples.map((sample, index) => one(raw, sample, index))}`,
  };
}

function one(raw: RawComparison, sample: SampleAnswers, index: number): Html {
  const title = sample.prompt.length > TITLE_LENGTH ? `${sample.prompt.slice(0, TITLE_LENGTH)}\u2026` : sample.prompt;
  const reference =
    sample.reference !== undefined && html`<p class="small"><strong>Good answer:</strong> ${sample.reference}</p>`;
  return html`<details ${index < OPEN && html`open`}>
    <summary>
      ${title}${sample.split !== undefined && html` <span class="muted small">(${sample.split})</span>`}
    </summary>
    <pre class="text prompt" dir="auto">${sample.prompt}</pre>
    ${reference} ${answersTable(raw, sample)}
  </details>`;
}

function answersTable(raw: RawComparison, { before, after }: SampleAnswers): Html {
  const arms = raw.arms.map(({ name }) => name);
  const all = [...(before ?? []), ...after].map(({ temperature }) => temperature);
  const temperatures = [...new Set(all)].sort((left, right) => left - right);
  return scrolling(
    html`<table class="answers">
      <thead>
        <tr>
          <th scope="col">T</th>
          ${before && html`<th scope="col">Before training</th>`}
          ${arms.map((arm) => html`<th scope="col">${armLabel(arms, arm)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${temperatures.map((temperature) => {
          const at = (answer: { temperature: number }): boolean => answer.temperature === temperature;
          return html`<tr>
            <th scope="row">${formatTemperature(temperature)}</th>
            ${before && html`<td>${answers(before.filter(at).map(({ text }) => ({ text })))}</td>`}
            ${arms.map((arm) => html`<td>${answers(after.filter(at).filter((answer) => answer.arm === arm))}</td>`)}
          </tr>`;
        })}
      </tbody>
    </table>`,
  );
}

function answers(texts: readonly { text: string; seed?: number }[]): Html {
  if (texts.length === 0) return html`<span class="missing">missing</span>`;
  const several = texts.length > 1;
  return html`${texts.map(
    ({ text, seed }) =>
      html`${several && html`<div class="muted small">seed ${seed}</div>`}
      ${text === '' ? html`<p class="text muted">(empty answer)</p>` : html`<pre class="text" dir="auto">${text}</pre>`}`,
  )}`;
}
