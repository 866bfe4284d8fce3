import { describe, expect, it } from 'vitest';
import { BufferPool } from './pool.ts';

describe('memory of released tensors', () => {
  it('is used again for the same size only', () => {
    const pool = new BufferPool();
    const buffer = new ArrayBuffer(64);
    pool.give(buffer);
    expect(pool.take(32)).not.toBe(buffer);
    expect(pool.take(64)).toBe(buffer);
    expect(pool.take(64)).not.toBe(buffer);
  });

  it('is given back when nobody takes it for many runs', () => {
    const pool = new BufferPool();
    pool.give(new ArrayBuffer(64));
    for (let run = 0; run < 16; run++) pool.countRun();
    pool.give(new ArrayBuffer(8));
    expect(pool.idleBytes).toBe(72);
    pool.countRun();
    expect(pool.idleBytes).toBe(8);
  });
});
