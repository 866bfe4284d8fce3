import type { z } from 'zod';
import { suggestOption } from './knownOptions.ts';
import { answerToTrlOption } from './trlOptions.ts';

/** One thing wrong in a config: where, and what. */
export interface ConfigProblem {
  /** For example `training.learning_rate`. */
  readonly path: string;
  readonly message: string;
}

/** A config that cannot be run: every problem at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ path, message }) => `  ${path === '' ? '' : `${path}: `}${message}`);
    super(`${file}: ${problems.length === 1 ? 'one problem' : `${problems.length} problems`}\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

/** What issues are told against. */
export interface ProblemContext {
  /** The schema that refused the value: misspelt options are compared to its own. */
  readonly schema: z.ZodType;
  /** Where the value is in the config. */
  readonly prefix?: readonly PropertyKey[];
  /** Options that are taken off before `schema` sees the value. */
  readonly alsoKnown?: readonly string[];
}

const formatPath = (path: readonly PropertyKey[]): string => path.map(String).join('.');

/** Flattens zod's issues; of a union, the branch that came closest is told. */
export const problemsOf = (error: z.ZodError, context: ProblemContext): ConfigProblem[] =>
  error.issues.flatMap((issue) => issueProblems(issue, [], context));

/** @param outer path of the union that the issue is in */
function issueProblems(
  issue: z.core.$ZodIssue,
  outer: readonly PropertyKey[],
  context: ProblemContext,
): ConfigProblem[] {
  const path = [...outer, ...issue.path];
  const { prefix = [] } = context;
  if (issue.code === 'invalid_union') {
    const deepest = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0];
    if (deepest !== undefined && depth(deepest) > 0) {
      return deepest.flatMap((inner) => issueProblems(inner, path, context));
    }
    const branches = issue.errors.map(([first]) => (first === undefined ? '' : lowerFirst(first.message)));
    return [{ path: formatPath([...prefix, ...path]), message: branches.join('; or ') }];
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: formatPath([...prefix, ...path, key]),
      message: unknownOption(key, path, context),
    }));
  }
  return [{ path: formatPath([...prefix, ...path]), message: lowerFirst(issue.message) }];
}

function unknownOption(name: string, path: readonly PropertyKey[], context: ProblemContext): string {
  const { schema, prefix, alsoKnown } = context;
  // Places are of the whole config: a plugin's own options are no such place.
  const answer = prefix === undefined ? answerToTrlOption(name) : undefined;
  if (answer !== undefined) return `there is no such option; ${answer}`;
  const suggestion = suggestOption(schema, path, name, path.length === 0 ? alsoKnown : []);
  return `there is no such option${suggestion === undefined ? '' : `; did you mean "${suggestion}"?`}`;
}

/** How far into the value an issue lies; an unknown option lies one level below its object. */
const depth = (issues: readonly z.core.$ZodIssue[]): number =>
  Math.max(0, ...issues.map(({ path, code }) => path.length + (code === 'unrecognized_keys' ? 1 : 0)));
const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
