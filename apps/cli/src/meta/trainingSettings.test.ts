import { trainingSchema } from '@tether/core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './workspace.ts';

interface Setting {
  readonly default?: string | number | boolean;
  readonly description?: string;
  readonly enum?: readonly string[];
}

const cell = (text: string): string => text.replaceAll(/[`\\]/g, '').trim();

test('docs/training.md has every setting with its default and its meaning, and no other', () => {
  const { properties } = trainingSchema.toJSONSchema({ io: 'input' }) as {
    readonly properties: Readonly<Record<string, Setting>>; // by zod's contract
  };
  const expected = Object.entries(properties).map(([name, { default: value, description, enum: choices }]) => [
    name,
    value === undefined ? '' : String(value),
    `${description}${choices === undefined ? '' : `: ${choices.join(', ')}`}`,
  ]);
  const table = readFileSync(join(ROOT, 'docs/training.md'), 'utf8').matchAll(/^\| (`.+?)\|(.*?)\|(.*)\|$/gm);
  expect([...table].map(([, ...cells]) => cells.map(cell))).toEqual(expected);
});
