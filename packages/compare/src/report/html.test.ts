import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeForScript, escapeHtml, html, jsonForScript } from './html.ts';

describe('html', () => {
  it('escapes every value that is not HTML already', () => {
    const inner = html`<b>${'<i>'}</b>`;
    expect(html`<p title="${'"&\''}">${inner}${['<', 1, null, false, undefined]}</p>`.text).toBe(
      '<p title="&quot;&amp;&#39;"><b>&lt;i&gt;</b>&lt;1</p>',
    );
  });

  it('lets no text become markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });

  it('makes control characters visible', () => {
    expect(escapeHtml('a\u0000b\u001b[31mc\td\ne')).toBe('a\u2400b\u241b[31mc\td\ne');
  });
});

describe('script contents', () => {
  it('cannot be closed by a text in the data', () => {
    const data = { text: '</script><script>alert(1)</script><!--' };
    const { text } = jsonForScript(data);
    expect(text).not.toContain('<');
    expect(JSON.parse(text)).toEqual(data);
  });

  it('cannot be closed by a text in the code', () => {
    expect(codeForScript('x = "</script>"; y = "<!--"').text).toBe('x = "<\\/script>"; y = "<\\!--"');
  });
});
