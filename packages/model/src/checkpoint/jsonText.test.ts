import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonText, markFloats, parseJson, replaceFields } from './jsonText.ts';

test('whole floats stay floats, however deep, and other values stay as they are', () => {
  const text = '{"a": 30.0, "b": [1, 2.0, {"c": 1e6, "d": -0.5}], "e": {"f": 4, "g": null}}';
  const parsed = parseJson(text);
  expect(parsed).toEqual(JSON.parse(text));
  expect(jsonText(parsed).replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
});

test('a changed number is written as it is now, and a copy remembers its floats', () => {
  const parsed = parseJson('{"cap": 30.0, "scale": 2.0, "dtype": "float32"}') as Record<string, unknown>;
  parsed['scale'] = 3;
  const text = jsonText(replaceFields(parsed, { dtype: 'bfloat16' }));
  expect(text.replace(/\s/g, '')).toBe('{"cap":30.0,"scale":3,"dtype":"bfloat16"}');
});

test('fields can be said to be floats', () => {
  expect(jsonText(markFloats({ a: 3, b: 0.5, c: 3, d: null }, ['a', 'b', 'd', 'e'])).replace(/\s/g, '')).toBe(
    '{"a":3.0,"b":0.5,"c":3,"d":null}',
  );
});

test('any JSON value survives', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      expect(JSON.parse(jsonText(parseJson(JSON.stringify(plain))))).toEqual(plain);
    }),
  );
});
