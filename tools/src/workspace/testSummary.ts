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

/** `console.warn('skipped: no checkpoint …')` in a test file says why its tests are skipped; `context.skip('…')` does too. */
const SKIP_LINE = /^skipped: (.+)$/m;

/** A vitest reporter that writes the summary. A run of some of the tests leaves none: it would pass for the whole. */
export class SummaryReporter implements Reporter {
  #vitest: Vitest | undefined;
  readonly #reasons = new Map<string, string>();

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
    rmSync(fileOf(vitest.config.root), { force: true });
  }

  onUserConsoleLog(log: { content: string; taskId?: string }): void {
    const reason = SKIP_LINE.exec(log.content)?.[1];
    const entity = log.taskId === undefined ? undefined : this.#vitest?.state.idMap.get(log.taskId);
    if (reason !== undefined && entity !== undefined) {
      this.#reasons.set(entity.id, reason);
      if (!this.#reasons.has(entity.file.id)) this.#reasons.set(entity.file.id, reason);
    }
  }

  async onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): Promise<void> {
    const vitest = this.#vitest;
    if (vitest === undefined || (await isPartial(vitest, modules))) return;
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const broken = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0);
    const summary: TestSummary = {
      passed: tests.filter((test) => test.result().state === 'passed').length,
      failed: tests.filter((test) => test.result().state === 'failed').length + broken.length + errors.length,
      skipped: tests.filter((test) => test.result().state === 'skipped').map((test) => this.#skipped(test)),
    };
    const file = fileOf(vitest.config.root);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(summary, null, 2)}\n`);
  }

  #skipped(test: TestCase): SkippedTest {
    const result = test.result();
    const note = result.state === 'skipped' ? result.note : undefined;
    const reason = note ?? this.#reasons.get(test.id) ?? this.#reasons.get(test.module.id) ?? 'no reason given';
    return { file: test.module.relativeModuleId, test: test.fullName, reason };
  }
}

/** Whether only some files, or some tests of them, were asked for. */
async function isPartial(vitest: Vitest, modules: readonly TestModule[]): Promise<boolean> {
  const { watch, testNamePattern } = vitest.config;
  return watch || testNamePattern !== undefined || modules.length < (await vitest.globTestSpecifications()).length;
}
