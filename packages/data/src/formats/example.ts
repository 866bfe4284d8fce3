/** One turn of a conversation, as chat templates take it. */
export interface Message {
  readonly role: string;
  readonly content: string;
}

/** Plain text, or the turns of a conversation. */
export type PromptOrCompletion = string | readonly Message[];

/**
 * The one form that every format is brought into. Prompt and completions are all text or all messages.
 * Two completions: chosen, then rejected. One completion: a plain example to imitate.
 */
export interface PreferenceExample {
  readonly rowNumber: number; // 1-based
  readonly prompt: PromptOrCompletion;
  readonly completions: readonly PromptOrCompletion[];
}

/** The text of a prompt or completion alone, for reading and for checks; not what the model sees. */
export function plainText(part: PromptOrCompletion): string {
  return typeof part === 'string' ? part : part.map(({ content }) => content).join('\n');
}
