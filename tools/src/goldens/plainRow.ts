import { hostTensor, SEGMENT, type HostTensor, type ModelInputs } from '@tether/core';
import { input } from '@tether/graph';

/** One row [1, T] of text without sides, as a model's inputs and their values. */
export interface PlainRow {
  readonly inputs: ModelInputs;
  readonly values: ReadonlyMap<string, HostTensor>;
}

export function plainRow(tokens: readonly number[]): PlainRow {
  const shape = [1, tokens.length];
  const numbers = {
    tokens,
    segments: tokens.map(() => SEGMENT.prompt),
    positions: [...tokens.keys()],
    keyMask: tokens.map(() => 1),
  };
  const place = (name: keyof typeof numbers) => input(name, 'i32', shape);
  return {
    inputs: {
      tokens: place('tokens'),
      segments: place('segments'),
      positions: place('positions'),
      keyMask: place('keyMask'),
    },
    values: new Map(
      Object.entries(numbers).map(([name, data]) => [name, hostTensor('i32', shape, Int32Array.from(data))] as const),
    ),
  };
}
