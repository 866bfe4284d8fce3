import type { RawComparison } from '../raw/schema.ts';
import type { Summary } from '../summary/schema.ts';
import { codeForScript, html, trusted, type Html } from './html.ts';
import { CLIENT } from './page/client.ts';
import { readEchartsSource } from './page/echartsSource.ts';
import type { Section } from './page/parts.ts';
import { STYLES } from './page/styles.ts';
import { curvesSection, forestSection, frontierSection, temperatureSection } from './sections/charts.ts';
import { costSection } from './sections/cost.ts';
import { methodSection } from './sections/method.ts';
import { metricsSection } from './sections/metrics.ts';
import { samplesSection } from './sections/samples.ts';
import { setupSection } from './sections/setup.ts';
import { verdictSection } from './sections/verdict.ts';

/** In the order of the page. A section without content is left out. */
const SECTIONS: readonly ((raw: RawComparison, summary: Summary) => Section | null)[] = [
  verdictSection,
  metricsSection,
  forestSection,
  costSection,
  frontierSection,
  temperatureSection,
  curvesSection,
  samplesSection,
  setupSection,
  methodSection,
];

/** The page may run its own script and styles and may load nothing at all, whatever the texts in it contain. */
const CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/** The whole comparison as one HTML file that needs no network: charts, styles and scripts are inside. */
export function renderReport(raw: RawComparison, summary: Summary): string {
  const sections = SECTIONS.flatMap((section) => section(raw, summary) ?? []);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${CONTENT_POLICY}" />
        <title>${raw.name}</title>
        <style>
          ${trusted(STYLES)}
        </style>
      </head>
      <body>
        <header class="top">
          <h1>${raw.name}</h1>
          ${raw.description !== undefined && html`<p class="muted">${raw.description}</p>`}
          <p class="muted small">${subtitle(raw)}</p>
        </header>
        <nav aria-label="Sections">
          <ul>
            ${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
          </ul>
        </nav>
        <main>
          <noscript
            ><p class="note">
              The charts need JavaScript. Every number behind the verdicts is in the tables.
            </p></noscript
          >
          ${sections.map(sectionHtml)}
        </main>
        <footer>Made by Tether. Charts by Apache ECharts (Apache License 2.0), contained in this file.</footer>
        <script>
          ${codeForScript(readEchartsSource())};
        </script>
        <script>
          ${codeForScript(CLIENT)};
        </script>
      </body>
    </html> `.text;
}

function subtitle(raw: RawComparison): string {
  const made = raw.createdAt === undefined ? '' : ` \u00b7 ${raw.createdAt.slice(0, 16).replace('T', ' ')}`;
  const [arms, seeds] = [raw.arms.length, raw.seeds.length];
  return `${arms} arm${arms === 1 ? '' : 's'} \u00d7 ${seeds} seed${seeds === 1 ? '' : 's'}${made}`;
}

function sectionHtml({ id, title, body }: Section): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${body}
  </section> `;
}
