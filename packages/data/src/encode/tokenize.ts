import { BadRow, DataError } from '../errors.ts';
import type { Message, PromptOrCompletion } from '../formats/example.ts';
import type { TextTokenizer } from './tokenizer.ts';

function withoutDoubledStart(ids: number[], tokenizer: TextTokenizer): number[] {
  const start = tokenizer.bosTokenId;
  return start !== undefined && ids[0] === start && ids[1] === start ? ids.slice(1) : ids;
}

function renderConversation(
  messages: readonly Message[],
  addGenerationPrompt: boolean,
  tokenizer: TextTokenizer,
): string {
  if (tokenizer.applyChatTemplate === undefined) {
    throw new DataError(
      'The rows are conversations, but the model has no chat template. Use a model with one, or rows of plain text ' +
        '(for instruction rows: prompt_style: text).',
    );
  }
  try {
    return tokenizer.applyChatTemplate(messages, { addGenerationPrompt });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BadRow(`the chat template refuses the conversation: ${reason}`, { cause: error });
  }
}

function tokenizeConversation(
  messages: readonly Message[],
  addGenerationPrompt: boolean,
  tokenizer: TextTokenizer,
): number[] {
  const text = renderConversation(messages, addGenerationPrompt, tokenizer);
  // The template writes its own special tokens.
  return withoutDoubledStart(tokenizer.encode(text, { addSpecialTokens: false }), tokenizer);
}

/**
 * A prompt's tokens as the model sees them before it answers: text with the tokenizer's start token if it has one,
 * or the chat template with the generation prompt.
 * @throws DataError for messages when the tokenizer has no chat template, BadRow when the template refuses them.
 */
export function tokenizePrompt(prompt: PromptOrCompletion, tokenizer: TextTokenizer): number[] {
  if (typeof prompt !== 'string') return tokenizeConversation(prompt, true, tokenizer);
  const ids = withoutDoubledStart(tokenizer.encode(prompt), tokenizer);
  return endsByItself(prompt, ids, tokenizer) ? ids.slice(0, -1) : ids;
}

/** Some tokenizers close every text with an end token: a prompt goes on. */
function endsByItself(prompt: string, ids: readonly number[], tokenizer: TextTokenizer): boolean {
  const end = tokenizer.eosTokenId;
  return (
    end !== undefined && ids.at(-1) === end && tokenizer.encode(prompt, { addSpecialTokens: false }).at(-1) !== end
  );
}

/**
 * Tokens of prompt and completion as one text. A text ends with one end token; a conversation ends as its chat
 * template ends it (as in TRL).
 */
export function tokenizeWhole(
  prompt: PromptOrCompletion,
  completion: PromptOrCompletion,
  tokenizer: TextTokenizer,
): number[] {
  if (typeof prompt === 'string' && typeof completion === 'string') {
    return withEnd(withoutDoubledStart(tokenizer.encode(prompt + completion), tokenizer), tokenizer);
  }
  if (typeof prompt === 'string' || typeof completion === 'string') {
    throw new TypeError('prompt and completion must be both text or both messages');
  }
  return tokenizeConversation([...prompt, ...completion], false, tokenizer);
}

/** Appends the end token unless it is there already. */
export function withEnd(ids: number[], tokenizer: TextTokenizer): number[] {
  const end = tokenizer.eosTokenId;
  return end === undefined || ids.at(-1) === end ? ids : [...ids, end];
}
