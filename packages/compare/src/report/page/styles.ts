import { ARM_COLORS } from '../palette.ts';

function variables(colors: Record<string, string>, arms: readonly string[]): string {
  const all = [...Object.entries(colors), ...arms.map((color, index) => [`arm${index}`, color])];
  return all.map(([name, color]) => `--${name}: ${color};`).join(' ');
}

const LIGHT = variables(
  {
    page: '#f6f7f9',
    surface: '#ffffff',
    ink: '#1b2430',
    muted: '#566070',
    line: '#d9dee5',
    accent: '#0b5cad',
    good: '#0a6b45',
    bad: '#b42318',
    note: '#8a5300',
    'note-surface': '#fff6e5',
  },
  ARM_COLORS.light,
);

const DARK = variables(
  {
    page: '#11161d',
    surface: '#19212b',
    ink: '#e6ebf2',
    muted: '#a2adbb',
    line: '#36414e',
    accent: '#7ab8ff',
    good: '#5fd39b',
    bad: '#ff8f85',
    note: '#f0c36d',
    'note-surface': '#2b2415',
  },
  ARM_COLORS.dark,
);

/** The report's style sheet. No fonts, images or other files are loaded. */
export const STYLES = `
:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 3.5rem; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
}
main, header.top { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header.top { padding-top: 2.25rem; }
h1 { font-size: clamp(1.5rem, 1.2rem + 1.6vw, 2.1rem); line-height: 1.2; margin: 0 0 .35rem; letter-spacing: -.01em; text-wrap: balance; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 0 0 .4rem; letter-spacing: -.005em; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
p { margin: .4rem 0 .8rem; max-width: 70ch; }
a { color: var(--accent); }
.muted { color: var(--muted); }
.small { font-size: .875rem; }
p.small { max-width: 95ch; }
nav { position: sticky; top: 0; z-index: 2; background: var(--page); border-bottom: 1px solid var(--line); margin-top: 1rem; }
nav ul { display: flex; gap: .25rem 1.1rem; max-width: 76rem; margin: 0 auto; padding: .6rem 1.25rem; list-style: none; overflow-x: auto; white-space: nowrap; font-size: .9rem; }
nav a { text-decoration: none; }
nav a:hover, nav a:focus-visible { text-decoration: underline; }
section { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem 1.4rem; margin: 1.25rem 0; }
section > :last-child { margin-bottom: 0; }
.headline { font-size: 1.2rem; line-height: 1.45; font-weight: 600; max-width: 62ch; margin: .2rem 0 1rem; text-wrap: pretty; }
.verdicts { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); padding: 0; margin: 0; list-style: none; }
.verdicts li { border: 1px solid var(--line); border-left: 4px solid var(--arm); border-radius: 8px; padding: .7rem .9rem; }
.verdicts .name { display: flex; gap: .6rem; align-items: baseline; justify-content: space-between; font-weight: 650; }
.verdicts .arm { white-space: normal; overflow-wrap: anywhere; }
.verdicts p { margin: .3rem 0 0; font-size: .94rem; }
.note { background: var(--note-surface); border-left: 4px solid var(--note); border-radius: 8px; padding: .7rem 1rem; margin: 1rem 0 0; }
.note ul { margin: .3rem 0 0; padding-left: 1.2rem; }
.arm { white-space: nowrap; }
.arm::before { content: ""; display: inline-block; width: .65em; height: .65em; border-radius: 2px; margin-right: .45em; background: var(--arm); }
.scroll { overflow-x: auto; margin: .6rem 0; -webkit-overflow-scrolling: touch; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .38rem .7rem; border-bottom: 1px solid var(--line); }
thead th { font-size: .8rem; color: var(--muted); font-weight: 600; vertical-align: bottom; border-bottom-color: var(--muted); }
tbody th { font-weight: 600; }
table.measures tbody th { padding-top: .9rem; border-bottom: 0; font-size: .95rem; }
table.measures td:first-child { padding-left: 1.4rem; }
.direction { color: var(--muted); font-weight: 400; font-size: .85rem; margin-left: .4em; }
td.number, th.number { text-align: right; white-space: nowrap; }
td .range { display: block; color: var(--muted); font-size: .82rem; }
.missing { color: var(--note); font-style: italic; }
.outcome { white-space: nowrap; font-weight: 600; }
.outcome.better { color: var(--good); }
.outcome.worse { color: var(--bad); }
.outcome.not-shown { color: var(--muted); font-weight: 400; }
.charts { display: grid; gap: 1.2rem 1.4rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 25rem), 1fr)); }
.charts.wide { grid-template-columns: 1fr; }
.charts.columns { display: block; columns: 25rem; column-gap: 1.4rem; }
.charts.columns figure { break-inside: avoid; margin-bottom: 1.2rem; }
figure { margin: 0; min-width: 0; }
figcaption { font-weight: 600; font-size: .92rem; margin-bottom: .3rem; overflow-wrap: anywhere; }
.chart { width: 100%; }
details { border-top: 1px solid var(--line); padding: .6rem 0; }
details:last-child { padding-bottom: 0; }
summary { cursor: pointer; font-weight: 600; overflow-wrap: anywhere; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; font-size: .88rem; margin: 0; max-height: 16rem; overflow-y: auto; }
.text.prompt { background: var(--page); border-radius: 6px; padding: .6rem .8rem; font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; margin: .5rem 0; }
.answers td { min-width: 13rem; }
.answers th[scope=row] { white-space: nowrap; }
code, .path { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .85em; overflow-wrap: anywhere; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .5rem 0; font-size: .92rem; }
dl.facts dt { color: var(--muted); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
ul.plain { padding-left: 1.2rem; margin: .4rem 0; max-width: 80ch; }
ul.plain li { margin: .25rem 0; }
footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem 3rem; color: var(--muted); font-size: .85rem; }
@media (max-width: 40rem) {
  section { padding: 1rem; border-radius: 10px; }
  main, header.top, footer, nav ul { padding-left: .8rem; padding-right: .8rem; }
  th, td { padding: .35rem .4rem; }
  table { font-size: .84rem; }
  table.measures td:first-child { padding-left: .4rem; }
  .direction { display: block; margin-left: 0; }
  td .range { font-size: .76rem; }
  dl.facts { grid-template-columns: 1fr; gap: 0; }
  dl.facts dd { margin-bottom: .5rem; }
}
@media print { nav { display: none; } section { break-inside: avoid-page; border: 0; padding: 0; } .text { max-height: none; } }
`;
