import type { z } from 'zod';

/** An option as a document's table has it. */
export interface SettingRow {
  readonly name: string;
  /** Empty where there is none. */
  readonly default: string;
  /** Absent where the schema has no description. */
  readonly meaning?: string;
}

/** JSON Schema, as far as configs use it. */
interface Schema {
  readonly default?: unknown;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Sections that have tables of their own wherever they stand. */
const OWN_TABLE: ReadonlySet<string> = new Set(['data', 'training']);

/** Every option of a schema; those of an object within it behind a dot. */
export const settingsOf = (schema: z.ZodType): SettingRow[] => rowsOf(schema.toJSONSchema({ io: 'input' }) as Schema); // by zod's contract

const rowsOf = ({ properties = {} }: Schema): SettingRow[] =>
  Object.entries(properties).flatMap(([name, option]) => {
    const part = OWN_TABLE.has(name) ? {} : (option.items ?? option);
    const inner = rowsOf(part).map((row) => ({ ...row, name: `${name}.${row.name}` }));
    const isOnlyParts = inner.length > 0 && option.description === undefined;
    return [...(isOnlyParts ? [] : [rowOf(name, option)]), ...inner];
  });

function rowOf(name: string, { default: value, description, enum: choices }: Schema): SettingRow {
  const isThere = value !== undefined && JSON.stringify(value) !== '{}'; // an object's defaults are in its own rows
  const text = description?.replace(/\.$/, '');
  const meaning = choices === undefined ? text : `${text} (${choices.join(', ')})`;
  return { name, default: isThere ? spelled(value) : '', ...(meaning === undefined ? {} : { meaning }) };
}

const spelled = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(String).join(', ')}]` : String(value);

/** What stands under a heading of a page. */
export function sectionOf(page: string, heading: string): string {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`there is no heading "${heading}"`);
  return section;
}

/** The rows of a document's table. */
export function tableIn(text: string): SettingRow[] {
  const cell = (content: string): string => content.replaceAll(/[`\\]/g, '').trim();
  return [...text.matchAll(/^\| (`.+?)\|(.*?)\|(.*)\|$/gm)].map(([, name, value, meaning]) => ({
    name: cell(name!),
    default: cell(value!),
    meaning: cell(meaning!),
  }));
}
