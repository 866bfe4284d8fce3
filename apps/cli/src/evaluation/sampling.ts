import {
  evaluate,
  type BatchShape,
  type DeviceTensor,
  type EncodedRow,
  type RowEvaluation,
  type Trainer,
  names,
} from '@tether/core';
import { collate } from '@tether/data';
import type { Generator } from '@tether/model';
import type { PreparedModel } from '../model/preparedModel.ts';
import type { EvaluationPrompt } from './prompts.ts';

/** An answer that the policy gave, and how far the policy is from the reference on it. */
export interface SampledAnswer {
  readonly prompt: EvaluationPrompt;
  readonly text: string;
  readonly tokens: readonly number[];
  /** Σ over the answer's tokens of KL(π‖ref), nats. */
  readonly kl: number;
  readonly latentDistance: number;
}

export interface SamplingPlan {
  readonly temperature: number;
  readonly topP: number;
  readonly maxNewTokens: number;
  readonly batchSize: number;
  readonly seed: number;
}

/** The policy's parameters on the device, by checkpoint name. */
const policyParameters = (trainer: Trainer): Map<string, DeviceTensor> =>
  new Map(trainer.options.definition.model.parameters.map(({ name }) => [name, trainer.state.get(names.policy(name))]));

/** Samples one answer per prompt and measures it against the reference. */
export async function sampleAnswers(
  trainer: Trainer,
  prepared: PreparedModel,
  generator: Generator,
  prompts: readonly EvaluationPrompt[],
  plan: SamplingPlan,
): Promise<SampledAnswer[]> {
  if (prompts.length === 0) return [];
  const generated = await generator.generate(
    policyParameters(trainer),
    prompts.map(({ tokens }) => tokens),
    {
      maxNewTokens: plan.maxNewTokens,
      temperature: plan.temperature,
      topP: plan.topP,
      seed: plan.seed,
      eosTokenIds: prepared.eosTokenIds,
    },
  );
  const measured = await measure(
    trainer,
    prepared,
    prompts,
    generated.map(({ tokens }) => tokens),
    plan,
  );
  return prompts.map((prompt, index) => {
    const { tokens } = generated[index]!;
    const { kl, latentDistance } = measured.get(index + 1)!;
    return { prompt, tokens, text: prepared.tokenizer.decode(tokens), kl: kl[0]!, latentDistance: latentDistance[0]! };
  });
}

const LENGTH_MULTIPLE = 16;

/** One shape for all sampled answers, so that every temperature shares one compiled graph. */
function shapeOf(prompts: readonly EvaluationPrompt[], { maxNewTokens, batchSize }: SamplingPlan): BatchShape {
  const longest = Math.max(...prompts.map(({ tokens }) => tokens.length)) + maxNewTokens;
  const length = Math.ceil(longest / LENGTH_MULTIPLE) * LENGTH_MULTIPLE;
  return { rows: batchSize, rowLength: length, sides: 1, completionLength: maxNewTokens, viewLength: length };
}

async function measure(
  trainer: Trainer,
  { tokenizer }: PreparedModel,
  prompts: readonly EvaluationPrompt[],
  answers: readonly (readonly number[])[],
  plan: SamplingPlan,
): Promise<Map<number, RowEvaluation>> {
  const rows = prompts.map(({ tokens }, index): EncodedRow => ({
    rowNumber: index + 1,
    prompt: Int32Array.from(tokens),
    completions: [Int32Array.from(answers[index]!)],
  }));
  const shape = shapeOf(prompts, plan);
  const batches = Array.from({ length: Math.ceil(rows.length / shape.rows) }, (_, index) =>
    collate(rows.slice(index * shape.rows, (index + 1) * shape.rows), shape, {
      layout: 'compact',
      padTokenId: tokenizer.padTokenId,
    }),
  );
  const { rows: evaluated } = await evaluate(trainer, batches, false);
  return new Map(evaluated.map((row) => [row.rowNumber, row]));
}
