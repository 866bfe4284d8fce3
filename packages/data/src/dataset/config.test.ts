import { describe, expect, it } from 'vitest';
import { dataConfigSchema } from './config.ts';

describe('the config', () => {
  it.each<[Record<string, unknown>, string]>([
    [{}, 'either files or synthetic'],
    [{ files: 'a.json', synthetic: {} }, 'either files or synthetic'],
    [{ files: 'a.json', max_lenght: 5 }, 'max_lenght'],
    [{ files: 'a.json', columns: { chosn: 'x' } }, 'chosn'],
    [{ files: [] }, 'files'],
    [{ files: 'a.json', eval_fraction: 1 }, 'eval_fraction'],
    [{ files: 'a.json', max_length: 10, max_prompt_length: 20 }, 'is over max_length (10)'],
    [{ synthetic: { label_noise: 0.6 } }, 'label_noise'],
    [{ synthetic: {}, eval_files: 'b.json' }, 'eval_count'],
    [{ synthetic: {}, split: 'train' }, 'has no files'],
  ])('refuses %j', (config, message) => {
    const result = dataConfigSchema.safeParse(config);
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.error?.issues)).toContain(message);
  });
});
