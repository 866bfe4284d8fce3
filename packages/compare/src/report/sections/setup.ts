import type { RawComparison } from '../../raw/schema.ts';
import type { Summary } from '../../summary/schema.ts';
import { html, type Html } from '../html.ts';
import { armLabel, list, scrolling, type Section } from '../page/parts.ts';
import { flattenConfig } from './flattenConfig.ts';

/** What was run: facts, seeds, data report, and the configuration of each arm with the differences first. */
export function setupSection(raw: RawComparison, summary: Summary): Section {
  const facts = { ...raw.facts, seeds: summary.seeds.join(', '), baseline: summary.baseline };
  const data = raw.dataReport ?? [];
  const body = html`<dl class="facts">
      ${Object.entries(facts).map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
    ${
      data.length > 0 &&
      html`<h3>Data</h3>
        ${list(data)}`
    }
    <h3>Configuration</h3>
    ${configuration(raw)}`;
  return { id: 'setup', title: 'Set-up', body };
}

function configuration(raw: RawComparison): Html {
  const arms = raw.arms.map(({ name }) => name);
  const flat = raw.arms.map(({ config }) => flattenConfig(config));
  const paths = [...new Set(flat.flatMap((config) => [...config.keys()]))];
  const differs = (path: string): boolean => new Set(flat.map((config) => config.get(path))).size > 1;
  const [different, same] = [paths.filter(differs), paths.filter((path) => !differs(path))];
  const descriptions = raw.arms.filter(({ description }) => description !== undefined);
  return html`${descriptions.map(({ name, description }) => html`<p>${armLabel(arms, name)}: ${description}</p>`)}
  ${different.length > 0 && configTable(arms, flat, different)}
  ${
    same.length > 0 &&
    html`<details>
      <summary>${same.length} options that all arms share</summary>
      <dl class="facts">
        ${same.map(
          (path) =>
            html`<dt class="path">${path}</dt>
              <dd class="path">${flat[0]?.get(path)}</dd>`,
        )}
      </dl>
    </details>`
  }`;
}

function configTable(arms: readonly string[], flat: readonly Map<string, string>[], paths: readonly string[]): Html {
  return scrolling(
    html`<table>
      <thead>
        <tr>
          <th scope="col">Option</th>
          ${arms.map((arm) => html`<th scope="col">${armLabel(arms, arm)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${paths.map(
          (path) =>
            html`<tr>
              <th scope="row" class="path">${path}</th>
              ${flat.map((config) => html`<td class="path">${config.get(path) ?? html`<span class="muted">not set</span>`}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>`,
  );
}
