/** One turn of a conversation, as chat templates take it. */
export interface Message {
  readonly role: string;
  readonly content: string;
}

/** Plain text, or the turns of a conversation. */
export type PromptOrCompletion = string | readonly Message[];

/**
 * The one form that every format is brought into. Prompt and completions are all text or all messages.
 * Two completions: chosen, then rejected. One completion: a plain example to imitate, or with a label an unpaired preference.
 */
export interface PreferenceExample {
  readonly rowNumber: number; // 1-based
  readonly prompt: PromptOrCompletion;
  readonly completions: readonly PromptOrCompletion[];
  /** Of an unpaired preference: whether its completion is desirable. */
  readonly label?: boolean;
}

/** What each completion of an example is called. */
export function sideNames({ completions, label }: Pick<PreferenceExample, 'completions' | 'label'>) {
  if (label !== undefined) return label ? (['chosen'] as const) : (['rejected'] as const);
  return completions.length === 1 ? (['completion'] as const) : (['chosen', 'rejected'] as const);
}

/** The text of a prompt or completion alone, for reading and for checks; not what the model sees. */
export function plainText(part: PromptOrCompletion): string {
  return typeof part === 'string' ? part : part.map(({ content }) => content).join('\n');
}
