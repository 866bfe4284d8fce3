import { describe, expect, test } from 'vitest';
import { SHIPPED_BY_KIND } from '../composition/shippedPlugins.ts';
import { optionNames } from './knownOptions.ts';
import { ConfigError } from './problems.ts';
import { parseConfig } from './parseConfig.ts';
import { runSchema } from './runSchema.ts';
import { PLACES } from './trlOptions.ts';

const objectives = await Promise.all(Object.values(SHIPPED_BY_KIND.objective).map((load) => load()));
const ofObjectives = ['name', ...objectives.flatMap(({ plugin }) => optionNames(plugin.config, []))];

describe('an option of TRL', () => {
  test.each(Object.entries(PLACES))('%s has its place at %s', (name, place) => {
    const path = place.split('.');
    const inSection = optionNames(runSchema, path.slice(0, -1));
    expect(path[0] === 'objective' ? ofObjectives : inSection).toContain(path.at(-1));
    const sections = ['training', 'data', 'model', 'evaluation'].map((section) => optionNames(runSchema, [section]));
    expect(sections.flat(), 'an option of that name needs no other place').not.toContain(name);
  });

  test('is answered where it is written, with its place or what is so instead', () => {
    const training = { beta: 0.1, gradient_checkpointing: true, bf16: true, report_to: 'none', optim: 'adamw_torch' };
    const source = { model: { path: 'model' }, data: { files: ['a.jsonl'] }, training };
    const error = ((): unknown => {
      try {
        return parseConfig('run.yaml', source);
      } catch (reason) {
        return reason;
      }
    })();
    expect(error).toBeInstanceOf(ConfigError);
    const said = Object.fromEntries((error as ConfigError).problems.map(({ path, message }) => [path, message]));
    expect(said).toEqual({
      'training.beta': 'there is no such option; did you mean "objective.beta"?',
      'training.gradient_checkpointing': 'there is no such option; did you mean "model.rematerialize"?',
      'training.bf16': expect.stringContaining('{ name: xla, compute: bf16 }') as string,
      'training.report_to': expect.stringContaining('metrics.jsonl') as string,
      'training.optim': expect.stringContaining('the optimizer is AdamW') as string,
    });
  });
});
