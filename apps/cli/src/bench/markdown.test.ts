import { expect, it } from 'vitest';
import { renderMarkdown } from './markdown.ts';

const run = { description: 'an engine', stepSeconds: [3, 2, 1], peakMemoryBytes: 2 ** 20 };

it('tells that some runs of a side failed, beside what the others measured', () => {
  const side = { name: 'peer', runs: [run, { failure: 'out of memory' }], seconds: 1, peakMemoryBytes: 2 ** 20 };
  const markdown = renderMarkdown({
    createdAt: '2026-01-01',
    command: 'tether bench x --steps 1',
    machine: { cpu: 'one' },
    cases: [{ name: 'x', description: 'steps', sides: [side] }],
  });
  expect(markdown).toContain('| peer | 1.00; 1 of 2 runs failed: out of memory |  | 1 |  | – | – |');
});
