import { trainingSchema } from '@tether/core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { regularizerOptionsSchema, runSchema } from '../config/runSchema.ts';
import { sectionOf, settingsOf, tableIn, type SettingRow } from './settingsTables.ts';
import { ROOT } from './workspace.ts';

const read = (name: string): string => readFileSync(join(ROOT, 'docs', name), 'utf8');

const { model, data, evaluation, compare, ...rest } = runSchema.shape;
const sections = { model, data, evaluation, compare: compare.unwrap(), regularizers: regularizerOptionsSchema };
const { training, ...topLevel } = rest;

/** A meaning that the schema leaves open is the page's to tell. */
const told = (rows: readonly SettingRow[]) =>
  rows.map((row) => ({ meaning: expect.stringMatching(/./) as unknown, ...row }));

test('docs/training.md has every setting with its default and its meaning, and no other', () => {
  expect(training.unwrap()).toBe(trainingSchema);
  expect(tableIn(read('training.md'))).toEqual(settingsOf(trainingSchema));
});

test.each(Object.entries({ 'Top level': z.object(topLevel), ...sections }))(
  'docs/settings.md has every setting of %s with its default and its meaning, and no other',
  (heading, schema) => {
    const name = heading === 'Top level' ? heading : `\`${heading}\``;
    const rows = settingsOf(schema);
    expect(rows.length).toBeGreaterThan(1);
    expect(tableIn(sectionOf(read('settings.md'), name))).toEqual(told(rows));
  },
);

test('the examples in docs/settings.md are configs', () => {
  const blocks = [...read('settings.md').matchAll(/^```yaml\n(.*?)^```/gms)].map(
    ([, block]) => parse(block!) as object,
  );
  expect(blocks.length).toBeGreaterThan(0);
  const whole = { model: { path: 'model' }, data: { files: 'pairs.jsonl' } };
  for (const block of blocks) expect(runSchema.safeParse({ ...whole, ...block }).error).toBeUndefined();
});
