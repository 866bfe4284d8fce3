import { Template } from '@huggingface/jinja';
import { TokenizerError } from './errors.ts';
import type { SpecialTokens } from './files.ts';
import type { ChatMessage, ChatTemplateOptions } from './textTokenizer.ts';

export type ChatRenderer = (messages: readonly ChatMessage[], options?: ChatTemplateOptions) => string;

/**
 * A function that renders conversations with the template, given the variables that transformers gives. A template that is
 * missing or malformed is an error only when it is asked for. `path` is for messages.
 */
export function chatRenderer(source: string | undefined, specialTokens: SpecialTokens, path: string): ChatRenderer {
  let template: Template | undefined;
  return (messages, { addGenerationPrompt = false, variables = {} } = {}) => {
    if (source === undefined) {
      throw new TokenizerError(
        path,
        'the folder has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json), ' +
          'so conversations cannot be turned into text; use plain-text prompts, or add a template',
      );
    }
    try {
      template ??= new Template(source);
      return template.render({
        messages,
        add_generation_prompt: addGenerationPrompt,
        tools: null,
        documents: null,
        ...definedOnly(specialTokens),
        ...variables,
      });
    } catch (cause) {
      throw new TokenizerError(path, `the chat template refused the conversation: ${(cause as Error).message}`, {
        cause,
      });
    }
  };
}

/** A token that the model lacks is undefined in the template, not null. */
function definedOnly(tokens: SpecialTokens): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tokens).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
