import type { TensorType } from '@tether/graph';
import { beforeEach, describe, expect, it } from 'vitest';
import { BackendError } from './backend.ts';
import { LiveTensors } from './liveTensors.ts';
import { TensorHandle } from './tensorHandle.ts';

const type: TensorType = { dtype: 'f32', shape: [2] };

class Mine extends TensorHandle<string> {}
class Other extends TensorHandle<string> {}

describe('the live tensors of a backend', () => {
  let freed: string[];
  let tensors: LiveTensors<string, Mine>;
  beforeEach(() => {
    freed = [];
    tensors = new LiveTensors('mine', Mine, (content) => freed.push(content));
  });

  it('are handles of the backend’s own class on what it made', () => {
    const tensor = tensors.adopt(type, 'a');
    expect(tensor).toBeInstanceOf(Mine);
    expect(tensor).toMatchObject({ backend: 'mine', ...type, isAlive: true });
    expect(tensor.content()).toBe('a');
    expect([...tensors]).toEqual([tensor]);
  });

  it('free what they hold when they are released, once', () => {
    const tensor = tensors.adopt(type, 'a');
    tensors.release(tensor);
    expect(freed).toEqual(['a']);
    expect([...tensors]).toEqual([]);
    expect(() => tensors.release(tensor)).toThrow('this f32[2] tensor was released or given up to an in-place run');
    expect(freed).toEqual(['a']);
  });

  it('leave what they hold to whoever they are surrendered to', () => {
    const tensor = tensors.adopt(type, 'a');
    expect(tensors.surrender(tensor)).toBe('a');
    expect(tensor.isAlive).toBe(false);
    tensors.releaseAll();
    expect(freed).toEqual([]);
  });

  it('are released all together', () => {
    const all = ['a', 'b', 'c'].map((content) => tensors.adopt(type, content));
    tensors.release(all[1]!);
    tensors.releaseAll();
    expect(freed).toEqual(['b', 'a', 'c']);
    expect(all.map(({ isAlive }) => isAlive)).toEqual([false, false, false]);
  });

  it('are told from tensors of other backends', () => {
    const foreign = new Other('other', type, 'x');
    expect(tensors.isOwn(foreign)).toBe(false);
    expect(() => tensors.own(foreign)).toThrow(BackendError);
    expect(() => tensors.own(foreign)).toThrow('backend mine cannot read a tensor of backend other');
    const tensor = tensors.adopt(type, 'a');
    expect(tensors.own(tensor)).toBe(tensor);
  });
});
