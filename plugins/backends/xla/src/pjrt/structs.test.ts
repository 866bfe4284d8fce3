import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locateLibrary } from '../find/locate.ts';
import { testConfig } from '../testing/available.ts';
import { FUNCTION_INDEX } from './functions.ts';
import { layoutOf, STRUCTS, type FieldType, type StructName } from './structs.ts';

describe('sizes of the structs', () => {
  it('are those of the version that is asked for', () => {
    expect(layoutOf('ExecuteOptions', 63).size).toBe(72);
    expect(layoutOf('ExecuteOptions', 64).size).toBe(80); // context
    expect(layoutOf('ExecuteOptions', 77).size).toBe(88); // call_location
    expect(layoutOf('ExecuteOptions', 81).size).toBe(112); // incarnations
    expect(layoutOf('Client_Create', 60).size).toBe(72);
    expect(layoutOf('Client_Create', 61).size).toBe(88);
  });

  it('end with the last field, without padding', () => {
    expect(layoutOf('Event_IsReady', 81).size).toBe(25);
    expect(layoutOf('Error_GetCode', 81).size).toBe(28);
  });

  it('leave the gaps that C leaves', () => {
    expect(layoutOf('Client_BufferFromHostBuffer', 81).fields.get('dims')).toEqual({ offset: 40, type: 'pointer' });
  });
});

const TYPES: Readonly<Record<string, FieldType>> = { size_t: 'size', int64_t: 'i64', int: 'i32', bool: 'bool' };
const ENUMS = ['PJRT_Error_Code', 'PJRT_Buffer_Type', 'PJRT_HostBufferSemantics', 'PJRT_NamedValue_Type'];

/** Fields of a struct of the header, after the two that all have. A union counts as one value of 8 bytes. */
function fieldsIn(header: string, name: string): [string, FieldType][] {
  const body = new RegExp(String.raw`struct PJRT_${name} \{([\s\S]*?)\n\};`).exec(header)?.[1] ?? '';
  const declarations = body
    .replace(/\/\/.*$/gm, '')
    .replace(/union \{[\s\S]*?\}/, 'int64_t value')
    .split(';')
    .map((text) => text.replace(/\s+/g, ' ').trim())
    .filter((text) => text !== '');
  return declarations.slice(2).map((declaration) => {
    const pointed = /\(\*(\w+)\)/.exec(declaration)?.[1];
    if (pointed !== undefined) return [pointed, 'pointer']; // to a function
    const [, type, field] = /^(.*?)(\w+)$/.exec(declaration.replace(/^const /, '')) ?? [];
    const plain = type!.trim();
    if (plain.endsWith('*') || plain.endsWith('Callback')) return [field!, 'pointer'];
    if (ENUMS.includes(plain)) return [field!, 'i32'];
    return [field!, TYPES[plain] ?? 'pointer'];
  });
}

const header = await locateLibrary(testConfig())
  .then(({ path }) => readFileSync(join(dirname(path), 'include', 'pjrt_c_api.h'), 'utf8'))
  .catch(() => undefined);

describe('the header of the CPU plugin', () => {
  it('has the same fields in the same order', (context) => {
    if (header === undefined) return context.skip('no plugin with a header is installed');
    const minor = Number(/PJRT_API_MINOR (\d+)/.exec(header)?.[1]);
    for (const name of Object.keys(STRUCTS) as StructName[]) {
      const declared = fieldsIn(header, name in FUNCTION_INDEX ? `${name}_Args` : name);
      const known = [...layoutOf(name, minor).fields].map(([field, { type }]): [string, FieldType] => [field, type]);
      expect({ name, fields: known }).toEqual({ name, fields: declared });
    }
  });

  it('has the same functions in the same places', (context) => {
    if (header === undefined) return context.skip('no plugin with a header is installed');
    const table = header.slice(header.indexOf('typedef struct PJRT_Api {'));
    const names = [...table.matchAll(/_PJRT_API_STRUCT_FIELD\(PJRT_(\w+)\)/g)].map(([, name]) => name!);
    for (const [name, index] of Object.entries(FUNCTION_INDEX)) expect(names[index]).toBe(name);
  });
});
