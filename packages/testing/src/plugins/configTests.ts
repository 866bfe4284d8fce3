import type { Objective } from '@tether/core';
import { expect } from 'vitest';
import type { SuiteTest } from '../skips.ts';

/** The parts of a JSON schema that the tests look at. */
interface FieldSchema {
  readonly type?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
}

/** Paths of options without a description, at any depth. */
function undescribed({ properties = {} }: FieldSchema, path = ''): string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const own = `${path}${name}`;
    return [...(field.description ? [] : [own]), ...undescribed(field, `${own}.`)];
  });
}

/** A misspelt option must not pass for an absent one. */
const UNKNOWN = { an_option_that_no_plugin_has: 1 };

/** What `tether plugins` and the config loader need of every plugin's schema. */
export function configTests(test: SuiteTest, schema: Objective['config']): void {
  test('config: is an object whose options all have descriptions', () => {
    const json = schema.toJSONSchema({ io: 'input' }) as FieldSchema;
    expect(json.type).toBe('object');
    expect(undescribed(json)).toEqual([]);
  });
  test('config: has a default for every option', () => {
    expect(schema.safeParse({}).error?.issues ?? []).toEqual([]);
  });
  test('config: refuses an unknown option', () => {
    expect(schema.safeParse(UNKNOWN).success).toBe(false);
  });
}
