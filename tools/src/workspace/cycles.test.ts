import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../..');

/** The files that a source imports when it runs, by relative path. `import type` vanishes and cannot make a cycle. */
function relativeImports(file: string): string[] {
  const code = stripTypeScriptTypes(readFileSync(file, 'utf8'));
  return ts
    .preProcessFile(code)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => join(dirname(file), fileName));
}

/** A path of imports that comes back to where it began, or undefined. */
function findCycle(importsOf: (file: string) => readonly string[], files: readonly string[]): string[] | undefined {
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (finished.has(file)) return undefined;
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    path.push(file);
    for (const imported of importsOf(file)) {
      const cycle = visit(imported);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    finished.add(file);
    return undefined;
  };
  for (const file of files) {
    const cycle = visit(file);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

it('finds a cycle where there is one', () => {
  const graph: Record<string, string[]> = { a: ['b'], b: ['c', 'd'], c: [], d: ['b'] };
  expect(findCycle((file) => graph[file] ?? [], ['a'])).toEqual(['b', 'd', 'b']);
});

it('finds none among the sources of the workspace', () => {
  const files = globSync(
    ['packages/*/src/**/*.ts', 'plugins/*/*/src/**/*.ts', 'apps/*/src/**/*.ts', 'tools/src/**/*.ts'],
    {
      cwd: ROOT,
    },
  ).map((file) => join(ROOT, file));
  expect(files.length).toBeGreaterThan(10);
  const known = new Set(files);
  const cycle = findCycle((file) => relativeImports(file).filter((imported) => known.has(imported)), files);
  expect(cycle?.map((file) => relative(ROOT, file))).toBeUndefined();
});
