import { expect, test } from 'vitest';
import { differenceLines, differences } from './differences.ts';

const started = {
  name: 'run',
  training: { max_steps: 8, seed: 1 },
  regularizers: ['kl'],
  data: { files: ['a.jsonl'] },
};

test('configs that say the same in another order do not differ', () => {
  expect(differences(started, { ...started, training: { seed: 1, max_steps: 8 } })).toEqual([]);
});

test('what differs is told by its path with both values, also where one config does not have it', () => {
  const now = {
    training: { max_steps: 9, seed: 1 },
    regularizers: [{ name: 'kl' }],
    data: { files: ['a.jsonl', 'b'] },
  };
  expect(differenceLines(differences(started, now), 5)).toEqual([
    'name: was "run", is not there',
    'training.max_steps: was 8, is 9',
    'regularizers.0: was "kl", is {"name":"kl"}',
    'data.files.1: was not there, is "b"',
  ]);
});

test('a list and an object are told whole, not item by item', () => {
  expect(differenceLines(differences({ a: [1] }, { a: { b: 1 } }), 5)).toEqual(['a: was [1], is {"b":1}']);
});

test('of many differences the first are told, and how many more there are', () => {
  const now = { ...started, training: { max_steps: 1, seed: 2 }, regularizers: [] };
  expect(differenceLines(differences(started, now), 2)).toEqual([
    'training.max_steps: was 8, is 1',
    'training.seed: was 1, is 2',
    'and 1 more',
  ]);
});
