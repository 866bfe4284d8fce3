/** What can be said about a row, with the title under which the report lists it. */
export const FINDING_TITLES = {
  'bad-row': 'rows that do not have the expected form',
  duplicate: 'duplicates of an earlier row',
  'identical-pair': 'pairs with equal completions',
  'empty-completion': 'rows with an empty completion',
  'empty-prompt': 'rows without a prompt',
  'prefix-mismatch': 'rows whose tokens do not begin with the prompt’s tokens',
  'long-prompt': 'rows with a prompt over the limit',
  'long-completion': 'rows with a completion over the limit',
  'eval-overlap': 'evaluation rows whose prompt is also trained on',
} as const;

export type FindingKind = keyof typeof FINDING_TITLES;
export const FINDING_KINDS = Object.keys(FINDING_TITLES) as FindingKind[];

/** What was done about it. */
export const ACTIONS = ['dropped', 'truncated', 'kept'] as const;
export type Action = (typeof ACTIONS)[number];

export interface Finding {
  readonly kind: FindingKind;
  readonly action: Action;
  readonly reason: string;
}

export interface RowFinding extends Finding {
  readonly rowNumber: number;
}

/** One finding of each kind for a row, so that counts are counts of rows. */
export function mergeFindings(findings: readonly Finding[]): Finding[] {
  const merged = new Map<FindingKind, Finding>();
  for (const finding of findings) {
    const before = merged.get(finding.kind);
    const action = before?.action === 'dropped' ? 'dropped' : finding.action;
    const reason = before === undefined ? finding.reason : `${before.reason}; ${finding.reason}`;
    merged.set(finding.kind, { ...finding, action, reason });
  }
  return [...merged.values()];
}

export const isDropped = (findings: readonly Finding[]): boolean => findings.some(({ action }) => action === 'dropped');
