import { tokenizePrompt } from '@tether/data';
import { createGenerator } from '@tether/model';
import { hostTensor, type Backend, type DeviceTensor } from '@tether/core';
import { InvalidArgumentError, type Command } from 'commander';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { loadModel } from '../model/loadModel.ts';
import type { PreparedModel } from '../model/preparedModel.ts';
import { printJson, printLine } from '../output/terminal.ts';

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

const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('not a number');
  return value;
};

export function addGenerate(program: Command): void {
  program
    .command('generate')
    .summary('continue prompts with a model')
    .description('Continues prompts with a model, all of them in one batch. The same seed gives the same text.')
    .requiredOption('--model <folder>', 'Hugging Face folder')
    .requiredOption('--prompt <texts...>', 'texts to continue')
    .option('--chat', 'each prompt is a user’s message: use the model’s chat template')
    .option('--system <text>', 'system message, with --chat')
    .option('--temperature <number>', '0 takes the likeliest token', number, 1)
    .option('--top-p <number>', 'nucleus sampling', number, 1)
    .option('--top-k <number>', 'only this many of the likeliest tokens; 0: all', number, 0)
    .option('--max-new-tokens <number>', 'longest continuation', number, 128)
    .option('--seed <number>', 'of the sampling', number, 0)
    .option('--backend <name>', 'what computes', 'onnxruntime')
    .option('--json', 'print tokens and log-probabilities too, as JSON')
    .action(generate);
}

async function generate(options: GenerateCommandOptions): Promise<void> {
  const plugin = await new PluginRegistry(process.cwd()).get('backend', options.backend);
  // Before any weight is read: an engine may settle how the process holds memory.
  const backend = await plugin.create(plugin.config.parse({}));
  try {
    await generateOn(backend, options);
  } finally {
    await backend.dispose();
  }
}

async function generateOn(backend: Backend, options: GenerateCommandOptions): Promise<void> {
  const prepared = await loadModel(options.model, { rematerialize: false });
  const generator = createGenerator({ backend, model: prepared.model, maxLength: prepared.maxLength });
  try {
    const prompts = options.prompt.map((text) => promptTokens(prepared, text, options));
    const generated = await generator.generate(await uploadWeights(backend, prepared), prompts, {
      temperature: options.temperature,
      topP: options.topP,
      topK: options.topK,
      maxNewTokens: options.maxNewTokens,
      seed: options.seed,
      eosTokenIds: prepared.eosTokenIds,
    });
    const answers = generated.map((answer, index) => ({
      prompt: options.prompt[index]!,
      text: prepared.tokenizer.decode(answer.tokens),
      ...answer,
    }));
    if (options.json === true) printJson(answers);
    else for (const { prompt, text } of answers) printLine(options.chat === true ? text : prompt + text);
  } finally {
    await generator.dispose();
  }
}

function promptTokens({ tokenizer }: PreparedModel, text: string, { chat, system }: GenerateCommandOptions): number[] {
  if (chat !== true) return tokenizePrompt(text, tokenizer);
  const opening = system === undefined ? [] : [{ role: 'system', content: system }];
  return tokenizePrompt([...opening, { role: 'user', content: text }], tokenizer);
}

async function uploadWeights(backend: Backend, { model, weights }: PreparedModel): Promise<Map<string, DeviceTensor>> {
  const uploaded = new Map<string, DeviceTensor>();
  for (const { name, shape } of model.parameters) {
    uploaded.set(name, await backend.upload(hostTensor('f32', shape, weights.get(name)!))); // the loader checked that all are there
  }
  weights.clear(); // the device has them
  return uploaded;
}
