import { Template } from '@huggingface/jinja';
import { TokenizerError } from './errors.ts';
import type { SpecialTokens } from './files.ts';
import type { ChatMessage, ChatTemplateOptions } from './textTokenizer.ts';

export type ChatRenderer = (messages: readonly ChatMessage[], options?: ChatTemplateOptions) => string;

/**
 * A function that renders conversations with a template, given the variables that transformers gives. A malformed template is
 * an error only when it is asked for. `path` is for messages.
 */
export function chatRenderer(source: string, specialTokens: SpecialTokens, path: string): ChatRenderer {
  let template: Template | undefined;
  return (messages, { addGenerationPrompt = false, variables = {} } = {}) => {
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
      throw new TokenizerError(path, `its chat template cannot render the conversation: ${(cause as Error).message}`, {
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
