import { tokenizePrompt } from '@tether/data';
import { createGenerator } from '@tether/model';
import type { Backend } from '@tether/core';
import type { Command } from 'commander';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { AUTO } from '../config/runSchema.ts';
import { loadModel } from '../model/loadModel.ts';
import type { PreparedModel } from '../model/preparedModel.ts';
import { uploadWeights } from '../model/uploadWeights.ts';
import { printJson, printLine } from '../output/terminal.ts';
import { disposeAfter } from '../run/disposal.ts';
import { RunError } from '../run/prepare.ts';
import { numberFrom, positiveNumber, wholeNumberFrom } from './numbers.ts';

interface GenerateCommandOptions {
  readonly model: string;
  readonly prompt: readonly string[];
  readonly chat?: boolean;
  readonly system?: string;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly maxNewTokens: number;
  readonly seed: number;
  readonly backend: string;
  readonly json?: boolean;
}

export function addGenerate(program: Command): void {
  program
    .command('generate')
    .summary('continue prompts with a model')
    .description('Continues prompts with a model, all of them in one batch. The same seed gives the same text.')
    .requiredOption('--model <folder>', 'Hugging Face folder')
    .requiredOption('--prompt <texts...>', 'texts to continue')
    .option('--chat', 'each prompt is a user’s message: use the model’s chat template')
    .option('--system <text>', 'system message, with --chat')
    .option('--temperature <number>', '0 takes the likeliest token', numberFrom(0), 1)
    .option('--top-p <number>', 'nucleus sampling', positiveNumber, 1)
    .option('--top-k <number>', 'only this many of the likeliest tokens; 0: all', wholeNumberFrom(0), 0)
    .option('--max-new-tokens <number>', 'longest continuation', wholeNumberFrom(1), 128)
    .option('--seed <number>', 'of the sampling', wholeNumberFrom(0), 0)
    .option('--backend <name>', 'what computes', 'onnxruntime')
    .option('--json', 'print tokens and log-probabilities too, as JSON')
    .action(generate);
}

async function generate(options: GenerateCommandOptions): Promise<void> {
  if (options.backend === AUTO) {
    throw new RunError(
      'backend auto is picked by trying the first steps of a run: name an engine here, for example --backend onnxruntime (npx tether backends tells which there are)',
    );
  }
  const plugin = await new PluginRegistry(process.cwd()).get('backend', options.backend);
  // Before any weight is read: an engine may settle how the process holds memory.
  const backend = await plugin.create(plugin.config.parse({}));
  await disposeAfter(() => generateOn(backend, options), backend);
}

async function generateOn(backend: Backend, options: GenerateCommandOptions): Promise<void> {
  const prepared = await loadModel(options.model, { rematerialize: false });
  const { model, weights, maxLength, tokenizer, eosTokenIds } = prepared;
  const prompts = options.prompt.map((text) => promptTokens(prepared, text, options));
  const generator = createGenerator({ backend, model, maxLength });
  const parameters = await uploadWeights(backend, model.parameters, weights);
  const { temperature, topP, topK, maxNewTokens, seed } = options;
  const sampling = { temperature, topP, topK, maxNewTokens, seed, eosTokenIds };
  const generated = await disposeAfter(() => generator.generate(parameters, prompts, sampling), generator).catch(
    (error: unknown) => {
      throw error instanceof RangeError ? new RunError(error.message) : error; // of what was asked
    },
  );
  const answers = generated.map((answer, index) => ({
    prompt: options.prompt[index]!,
    text: continuationText(tokenizer, prompts[index]!, answer.tokens),
    ...answer,
  }));
  if (options.json === true) printJson(answers);
  else for (const { prompt, text } of answers) printLine(options.chat === true ? text : prompt + text);
}

/** What stands behind the prompt: decoded with it, since some tokenizers drop a space at the start of a text. */
function continuationText(
  { decode }: PreparedModel['tokenizer'],
  prompt: readonly number[],
  tokens: readonly number[],
): string {
  const [start, whole] = [decode(prompt), decode([...prompt, ...tokens])];
  return whole.startsWith(start) ? whole.slice(start.length) : decode(tokens);
}

function promptTokens({ tokenizer }: PreparedModel, text: string, { chat, system }: GenerateCommandOptions): number[] {
  if (chat !== true) return tokenizePrompt(text, tokenizer);
  if (tokenizer.applyChatTemplate === undefined) {
    throw new RunError('the model has no chat template, so it does not know what a message is: leave out --chat');
  }
  const opening = system === undefined ? [] : [{ role: 'system', content: system }];
  return tokenizePrompt([...opening, { role: 'user', content: text }], tokenizer);
}
