import type { ArmSection, RunConfig } from './runSchema.ts';
import { parseConfig, type LoadedConfig } from './loadConfig.ts';

type Source = Readonly<Record<string, unknown>>;
const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** The config of one arm with one seed: the comparison's own, with what the arm replaces. */
export function armSource(source: Source, armIndex: number, seed: number): Source {
  const { compare, ...rest } = source;
  const arm = asRecord((asRecord(compare)['arms'] as unknown[])[armIndex]); // the schema has seen it
  const { objective = rest['objective'], regularizers = rest['regularizers'] } = arm;
  return {
    ...rest,
    ...(objective === undefined ? {} : { objective }),
    ...(regularizers === undefined ? {} : { regularizers }),
    training: { ...asRecord(rest['training']), ...asRecord(arm['training']), seed },
  };
}

/** The same run on a model that is already there. */
export const withModelPath = (source: Source, path: string): Source => {
  const { pretrain: _, ...kept } = asRecord(source['model']);
  return { ...source, model: { ...kept, path } };
};

/** The run that pretrains the model of a config. */
export function pretrainSource(source: Source): Source {
  const { architecture, data, training } = asRecord(asRecord(source['model'])['pretrain']);
  return {
    name: 'pretrain',
    model: { pretrain: { architecture, data, training } },
    data,
    training,
    objective: 'sft',
    ...(source['backend'] === undefined ? {} : { backend: source['backend'] }),
    evaluation: { prompts_during_training: 0, prompts: 1, temperatures: [1] },
  };
}

/** The arms of a comparison, each as a run of its own, parsed: every arm's problems show before anything starts. */
export function parseArms({
  file,
  baseFolder,
  source,
  config,
}: LoadedConfig): readonly { readonly arm: ArmSection; readonly config: RunConfig }[] {
  return (config.compare?.arms ?? []).map((arm, index) => ({
    arm,
    config: parseConfig(`${file} (arm "${arm.name}")`, armSource(source, index, 0), baseFolder).config,
  }));
}
