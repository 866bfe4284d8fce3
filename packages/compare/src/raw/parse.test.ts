import { describe, expect, it } from 'vitest';
import { simulateComparison } from '../testdata/simulateComparison.ts';
import { InvalidComparisonError, parseRawComparison } from './parse.ts';

function messageOf(json: unknown): string {
  try {
    parseRawComparison(json);
  } catch (error) {
    if (error instanceof InvalidComparisonError) return error.message;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('parseRawComparison', () => {
  it('reads back what was written as JSON', () => {
    const raw = simulateComparison();
    expect(parseRawComparison(JSON.parse(JSON.stringify(raw)))).toEqual(raw);
  });

  it('reads a NaN, which JSON writes as null, as missing', () => {
    const raw = simulateComparison();
    raw.runs[0]?.measurements.push({ metric: 'loss', split: 'train', value: NaN });
    const read = parseRawComparison(JSON.parse(JSON.stringify(raw)));
    expect(read.runs[0]?.measurements.at(-1)?.value).toBeNull();
  });

  it('names every contradiction at once, with its path', () => {
    const raw = simulateComparison();
    raw.runs[0]?.measurements.push({ metric: 'typo', value: 1 });
    raw.runs[1]?.measurements.push({ metric: 'loss', perPrompt: { prompts: ['a', 'a'], values: [1] } });
    raw.runs.push({ arm: 'unknown', seed: 99, measurements: [] });
    raw.seeds.push(1);
    const message = messageOf(raw);
    expect(message).toContain('metric "typo" is not declared in metrics');
    expect(message).toMatch(/runs\.1\.measurements\.\d+\.perPrompt: has 2 prompts but 1 values/);
    expect(message).toMatch(/perPrompt\.prompts\.1: prompt "a" appears twice/);
    expect(message).toContain('runs.9.arm: "unknown" is not the name of an arm');
    expect(message).toContain('runs.9.seed: seed 99 is not one of seeds');
    expect(message).toContain('seeds.3: this seed appears twice');
  });

  it('refuses misspelt fields', () => {
    expect(messageOf({ ...simulateComparison(), sedes: [] })).toContain('sedes');
  });
});
