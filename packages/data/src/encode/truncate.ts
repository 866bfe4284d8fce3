import type { EncodeOptions } from './config.ts';
import type { TokenParts } from './boundary.ts';
import { type Finding, mergeFindings } from '../report/finding.ts';

type Limits = Pick<
  EncodeOptions,
  'max_length' | 'max_prompt_length' | 'max_completion_length' | 'truncation_mode' | 'on_long_prompt'
>;

export interface Truncated {
  readonly parts: TokenParts | undefined; // undefined: the row is dropped
  readonly findings: readonly Finding[];
}

const unlimited = (limit: number | null): number => limit ?? Number.POSITIVE_INFINITY;

/**
 * The longest prompt this row may have. With keep_start a prompt that fills max_length alone would leave no
 * completion; cut, it leaves half of max_length to the completions.
 */
function promptLimit(prompt: number[], limits: Limits): number {
  const maxLength = unlimited(limits.max_length);
  const fills = limits.truncation_mode === 'keep_start' && prompt.length >= maxLength;
  return Math.min(unlimited(limits.max_prompt_length), fills ? Math.max(1, Math.floor(maxLength / 2)) : Infinity);
}

function limitName(prompt: number[], limits: Limits): string {
  return prompt.length > unlimited(limits.max_prompt_length)
    ? `max_prompt_length ${limits.max_prompt_length}`
    : `max_length ${limits.max_length}, which it fills alone`;
}

/** Keeps the starts of completions, then makes prompt + longest completion fit max_length. */
function fitWhole(parts: TokenParts, limits: Limits): { parts: TokenParts | undefined; findings: Finding[] } {
  const maxLength = unlimited(limits.max_length);
  const longest = Math.max(...parts.completions.map(({ length }) => length));
  if (parts.prompt.length + longest <= maxLength) return { parts, findings: [] };
  if (limits.truncation_mode === 'keep_start') {
    const room = maxLength - parts.prompt.length;
    const completions = parts.completions.map((completion) => completion.slice(0, room));
    const reason = `${parts.prompt.length + longest} tokens with its prompt, max_length ${limits.max_length}`;
    return { parts: { ...parts, completions }, findings: [{ kind: 'long-completion', action: 'truncated', reason }] };
  }
  const room = maxLength - longest;
  if (room < 1) {
    const reason = `a completion of ${longest} tokens leaves no room for the prompt in max_length ${limits.max_length}`;
    return { parts: undefined, findings: [{ kind: 'long-completion', action: 'dropped', reason }] };
  }
  const reason = `prompt of ${parts.prompt.length} tokens cut to its last ${room} (keep_end)`;
  const prompt = parts.prompt.slice(-room);
  return { parts: { ...parts, prompt }, findings: [{ kind: 'long-prompt', action: 'truncated', reason }] };
}

/** Applies the length limits to one row and says what was cut. */
export function truncate(parts: TokenParts, limits: Limits): Truncated {
  const findings: Finding[] = [];
  let { prompt } = parts;
  const limit = promptLimit(prompt, limits);
  if (prompt.length > limit) {
    const over = `prompt of ${prompt.length} tokens is over ${limitName(prompt, limits)}`;
    if (limits.on_long_prompt === 'drop') {
      return { parts: undefined, findings: [{ kind: 'long-prompt', action: 'dropped', reason: over }] };
    }
    prompt = prompt.slice(-limit);
    findings.push({ kind: 'long-prompt', action: 'truncated', reason: `${over}; its last ${limit} are kept` });
  }
  const maxCompletion = unlimited(limits.max_completion_length);
  const longest = Math.max(...parts.completions.map(({ length }) => length));
  if (longest > maxCompletion) {
    const reason = `completion of ${longest} tokens, max_completion_length ${limits.max_completion_length}`;
    findings.push({ kind: 'long-completion', action: 'truncated', reason });
  }
  const completions = parts.completions.map((completion) => completion.slice(0, maxCompletion));
  const fitted = fitWhole({ prompt, completions }, limits);
  return { parts: fitted.parts, findings: mergeFindings([...findings, ...fitted.findings]) };
}
