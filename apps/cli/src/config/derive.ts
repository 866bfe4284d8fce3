import { asRecord, without, type Source } from './source.ts';

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
  return { ...source, model: { ...without(asRecord(source['model']), 'pretrain'), path } };
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
