/**
 * The page's script, as text: it draws every chart once it has a width (also inside a closed section that is opened),
 * follows the size of the window, and redraws when the reader's colour scheme changes.
 */
export const CLIENT = `
(() => {
  'use strict';
  const token = /^\\$(ink|muted|line|surface|arm\\d+)$/;
  const themed = (value, style) => {
    if (typeof value === 'string') return token.test(value) ? style.getPropertyValue('--' + value.slice(1)).trim() : value;
    if (Array.isArray(value)) return value.map((item) => themed(item, style));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, themed(item, style)]));
  };
  const draw = (chart, element) => {
    const option = JSON.parse(element.nextElementSibling.textContent);
    chart.setOption(themed(option, getComputedStyle(document.documentElement)), true);
  };
  const drawn = new Map();
  const observer = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      if (contentRect.width === 0) continue;
      const known = drawn.get(target);
      if (known) {
        known.resize();
      } else {
        const chart = echarts.init(target, null, { renderer: 'svg' });
        drawn.set(target, chart);
        draw(chart, target);
      }
    }
  });
  for (const element of document.querySelectorAll('.chart')) observer.observe(element);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const [element, chart] of drawn) draw(chart, element);
  });
})();
`;
