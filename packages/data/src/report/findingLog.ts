import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Action, FINDING_KINDS, type Finding, type FindingKind, isDropped, type RowFinding } from './finding.ts';

/** Findings of one kind, action and wording: how many rows there are of them all in all. */
export interface FindingGroup {
  readonly kind: FindingKind;
  readonly action: Action;
  /** The reason with its figures left out, or OTHER_REASONS. */
  readonly pattern: string;
  readonly count: number;
}

/** What became of all rows, in bounded memory: exact counts, and the first rows of each group. */
export interface FindingSummary {
  readonly findings: readonly RowFinding[];
  readonly groups: readonly FindingGroup[];
  readonly counts: Readonly<Record<FindingKind, number>>;
  readonly rowsDropped: number;
  /** The complete list as JSON lines, where `findings` is not complete. */
  readonly findingsFile: string | undefined;
}

/** Rows listed per group, and groups per kind and action, before the rest is only counted (or goes to the file). */
export const LISTED_ROWS = 1000;
const MOST_PATTERNS = 50;
const OTHER_REASONS = 'other reasons';

/** Reasons that differ only in their figures are one. */
const patternOf = (reason: string): string => reason.replaceAll(/\d+/g, '#');

interface Group {
  readonly kind: FindingKind;
  readonly action: Action;
  readonly pattern: string;
  count: number;
  readonly first: RowFinding[];
}

/** The group of each listed finding, as `FindingSummary.groups` names it. */
export function groupsOf({ findings, groups }: Pick<FindingSummary, 'findings' | 'groups'>) {
  const known = new Map(groups.map((group) => [keyOf(group), { ...group, listed: [] as RowFinding[] }]));
  for (const finding of findings) {
    const { kind, action } = finding;
    const own = known.get(keyOf({ kind, action, pattern: patternOf(finding.reason) }));
    (own ?? known.get(keyOf({ kind, action, pattern: OTHER_REASONS })))!.listed.push(finding);
  }
  return [...known.values()];
}

const keyOf = ({ kind, action, pattern }: Pick<FindingGroup, 'kind' | 'action' | 'pattern'>): string =>
  `${kind} ${action} ${pattern}`;

/** Collects findings row by row. With a file, the complete list goes there as soon as there are more than are listed. */
export class FindingLog {
  readonly #groups = new Map<string, Group>();
  readonly #path: string | undefined;
  #handle: number | undefined;
  #rowsDropped = 0;

  constructor(path?: string) {
    this.#path = path;
  }

  /** All findings of one row, at most one of each kind. */
  add(rowNumber: number, findings: readonly Finding[]): void {
    if (isDropped(findings)) this.#rowsDropped++;
    for (const finding of findings) this.#addOne({ ...finding, rowNumber });
  }

  count(kind: FindingKind): number {
    let count = 0;
    for (const group of this.#groups.values()) if (group.kind === kind) count += group.count;
    return count;
  }

  listed(): RowFinding[] {
    return [...this.#groups.values()].flatMap(({ first }) => first).sort((a, b) => a.rowNumber - b.rowNumber);
  }

  summary(): FindingSummary {
    const groups = [...this.#groups.values()].map(({ kind, action, pattern, count }) => ({
      kind,
      action,
      pattern,
      count,
    }));
    return {
      findings: this.listed(),
      groups,
      counts: Object.fromEntries(FINDING_KINDS.map((kind) => [kind, this.count(kind)])) as FindingSummary['counts'],
      rowsDropped: this.#rowsDropped,
      findingsFile: this.#handle === undefined ? undefined : this.#path,
    };
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
  }

  #addOne(finding: RowFinding): void {
    const group = this.#groupFor(finding);
    group.count++;
    const isListed = group.first.length < LISTED_ROWS;
    if (!isListed && this.#path !== undefined && this.#handle === undefined) this.#openFile(this.#path);
    if (isListed) group.first.push(finding);
    if (this.#handle !== undefined) this.#write([finding]);
  }

  #groupFor({ kind, action, reason }: RowFinding): Group {
    const own = { kind, action, pattern: patternOf(reason) };
    const known = this.#groups.get(keyOf(own));
    if (known !== undefined) return known;
    const patterns = [...this.#groups.values()].filter((group) => group.kind === kind && group.action === action);
    if (patterns.length < MOST_PATTERNS) return this.#newGroup(own);
    const other = { kind, action, pattern: OTHER_REASONS };
    return this.#groups.get(keyOf(other)) ?? this.#newGroup(other);
  }

  #newGroup(group: Pick<Group, 'kind' | 'action' | 'pattern'>): Group {
    const made = { ...group, count: 0, first: [] };
    this.#groups.set(keyOf(group), made);
    return made;
  }

  /** What is listed already comes first. */
  #openFile(path: string): void {
    mkdirSync(dirname(path), { recursive: true });
    this.#handle = openSync(path, 'w');
    this.#write(this.listed());
  }

  #write(findings: readonly RowFinding[]): void {
    writeSync(this.#handle!, findings.map((finding) => `${JSON.stringify(finding)}\n`).join(''));
  }
}
