import { BackendError } from '@tether/core';
import { describe, expect, it } from 'vitest';
import { PjrtApi } from './api.ts';
import { FUNCTIONS_OFFSET } from './functions.ts';
import { loadKoffi } from './memory.ts';

const koffi = await loadKoffi();

/** A plugin's table of functions that has only a version. */
function tableOf(major: number, minor: number, functions = 0): Uint8Array {
  const table = new Uint8Array(FUNCTIONS_OFFSET + 8 * functions);
  const view = new DataView(table.buffer);
  view.setBigUint64(0, BigInt(table.length), true);
  view.setBigUint64(16, 24n, true);
  view.setInt32(32, major, true);
  view.setInt32(36, minor, true);
  return table;
}

describe('the version of a plugin', () => {
  it('is refused where the table of functions had another order', () => {
    expect(() => new PjrtApi(koffi, koffi.address(tableOf(0, 56)))).toThrow(BackendError);
    expect(() => new PjrtApi(koffi, koffi.address(tableOf(0, 56)))).toThrow(
      'the plugin speaks PJRT 0.56, this backend speaks 0.57 or newer: the table of functions was rearranged in 0.57',
    );
  });

  it('is refused where the structs are others', () => {
    expect(() => new PjrtApi(koffi, koffi.address(tableOf(1, 3)))).toThrow(
      'the plugin speaks PJRT 1.3, this backend speaks 0.57 or newer of major version 0',
    );
  });

  it('may be newer than this code', () => {
    expect(new PjrtApi(koffi, koffi.address(tableOf(0, 500))).version).toEqual({ major: 0, minor: 500 });
  });

  it('may lack functions, which are named when they are needed', () => {
    const table = tableOf(0, 57, 4);
    const api = new PjrtApi(koffi, koffi.address(table));
    expect(api.has('Executable_GetCompiledMemoryStats')).toBe(false);
    expect(() => api.call('Client_Destroy', { client: 0n })).toThrow(
      'the plugin (PJRT 0.57) has no function PJRT_Client_Destroy',
    );
  });
});

describe('structs', () => {
  it('begin with their size for that version', () => {
    const sizeFor = (minor: number): bigint => {
      const api = new PjrtApi(koffi, koffi.address(tableOf(0, minor)));
      return new DataView(api.struct('ExecuteOptions', {}).buffer).getBigUint64(0, true);
    };
    expect(sizeFor(60)).toBe(72n);
    expect(sizeFor(81)).toBe(112n);
    expect(sizeFor(500)).toBe(120n); // as far as this code knows them; the plugin tells where it wants more
  });
});
