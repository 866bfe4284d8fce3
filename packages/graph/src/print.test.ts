import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { add, constant, formatAttribute, input, mul, printGraph, traceGraph, verify } from './index.ts';
import { EXAMPLE_GRAPHS } from './testing/exampleGraphs.ts';

/** `UPDATE_GOLDENS=1 npx vitest run src/print.test.ts` writes the texts anew: read the difference before committing. */
const isUpdating = process.env['UPDATE_GOLDENS'] === '1';

const goldenFile = (name: string): URL => new URL(`./testdata/${name}.txt`, import.meta.url);

describe('the text of a graph', () => {
  it.each(Object.entries(EXAMPLE_GRAPHS))('%s is what its golden file says', (name, build) => {
    const text = printGraph(verify(build()));
    if (isUpdating) writeFileSync(goldenFile(name), text);
    expect(text).toBe(readFileSync(goldenFile(name), 'utf8'));
  });

  it('is the same for the same program, however many tensors were made before', () => {
    const program = (): string => printGraph(traceGraph({ y: mul(add(input('x', 'f32', [2]), 1), 2) }));
    const first = program();
    constant(5);
    expect(program()).toBe(first);
  });

  it('cuts long lists short and says how long they are', () => {
    expect(formatAttribute(Array.from({ length: 20 }, (_, index) => index))).toBe(
      '[0, 1, 2, 3, 4, 5, 6, 7, … 20 values]',
    );
    expect(formatAttribute(true)).toBe('true');
    expect(formatAttribute(() => 0)).toBe('function');
  });
});
