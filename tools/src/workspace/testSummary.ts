import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

/** What a package's tests gave, as written to `.vitest/summary.json` in the package's folder. */
export interface TestSummary {
  readonly passed: number;
  /** Failed tests, plus files that did not load and errors outside any test. */
  readonly failed: number;
  readonly skipped: readonly SkippedTest[];
}

export interface SkippedTest {
  readonly file: string;
  readonly test: string;
  readonly reason: string;
}

const fileOf = (packageFolder: string): string => join(packageFolder, '.vitest/summary.json');

/** The summary of a package's last whole run, or undefined where there is none. */
export function readSummary(packageFolder: string): TestSummary | undefined {
  try {
    // Written by the reporter below.
    return JSON.parse(readFileSync(fileOf(packageFolder), 'utf8')) as TestSummary;
  } catch {
    return undefined;
  }
}

/** `console.warn('skipped: no checkpoint …')` in a test, or at the top of its file, says why; `context.skip('…')` does too. */
const SKIP_LINE = /^skipped: (.+)$/gm;
const ELSEWHERE = 'elsewhere';

/** A vitest reporter that writes the summary. A run of some of the tests leaves none: it would pass for the whole. */
export class SummaryReporter implements Reporter {
  #vitest: Vitest | undefined;
  /** The reasons that were printed, by the id of the test or file that printed them. */
  readonly #printed = new Map<string, string[]>();

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
    rmSync(fileOf(vitest.config.root), { force: true });
  }

  onUserConsoleLog({ content, taskId = ELSEWHERE }: { content: string; taskId?: string }): void {
    const reasons = [...content.matchAll(SKIP_LINE)].map(([, reason]) => reason ?? '');
    if (reasons.length > 0) this.#printed.set(taskId, [...(this.#printed.get(taskId) ?? []), ...reasons]);
  }

  async onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): Promise<void> {
    const vitest = this.#vitest;
    if (vitest === undefined || (await isPartial(vitest, modules))) return;
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const broken = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0);
    const summary: TestSummary = {
      passed: states.filter((state) => state === 'passed').length,
      failed: states.filter((state) => state === 'failed').length + broken.length + errors.length,
      skipped: modules.flatMap((module) => this.#skipped(module)),
    };
    const file = fileOf(vitest.config.root);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(summary, null, 2)}\n`);
  }

  #skipped(module: TestModule): SkippedTest[] {
    const file = module.relativeModuleId;
    const tests = [...module.children.allTests()].filter((test) => test.result().state === 'skipped');
    const printed = this.#printed.get(module.id) ?? [];
    // A group that is skipped before it names its tests is counted as one.
    if (tests.length === 0) return printed.map((reason) => ({ file, test: 'a group of tests', reason }));
    return tests.map((test) => ({ file, test: test.fullName, reason: this.#reason(test) }));
  }

  #reason(test: TestCase): string {
    const result = test.result();
    const note = result.state === 'skipped' ? result.note : undefined;
    const printed = [test.id, test.module.id, ELSEWHERE].map((id) => this.#printed.get(id)?.join('; '));
    return note ?? printed.find((reason) => reason !== undefined) ?? 'no reason given';
  }
}

/** Whether only some files, or some tests of them, were asked for. */
async function isPartial(vitest: Vitest, modules: readonly TestModule[]): Promise<boolean> {
  const { watch, testNamePattern } = vitest.config;
  return watch || testNamePattern !== undefined || modules.length < (await vitest.globTestSpecifications()).length;
}
