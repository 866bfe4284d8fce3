import { composites, isFloat, primitives, type DType } from '@tether/graph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeDifference } from '../compare.ts';
import { OPERATION_CASES, type ElementKind, type OperationCases } from '../operations/index.ts';
import { evaluatePoints, graphOf, runOnce, type BackendCase } from '../run.ts';
import { allowanceFor, type TestedOperation } from '../tolerances.ts';
import type { SuiteContext } from './context.ts';

/** Composites that exist for differentiation only: no backend ever sees them. */
const NEVER_LOWERED: ReadonlySet<string> = new Set(['stopGradient', 'withGradient']);

const dtypesOf = (kinds: readonly ElementKind[], floats: readonly DType[]): DType[] =>
  kinds.flatMap((kind) => (kind === 'float' ? floats : [kind]));

/** Runs a case on the backend and on the oracle. Says what differs, or undefined. */
async function differenceIn(
  { backend, toleranceOf }: SuiteContext,
  operation: TestedOperation,
  testCase: BackendCase,
): Promise<string | undefined> {
  const { graph, points } = graphOf(testCase);
  const expected = evaluatePoints(graph, points)['y']!;
  const actual = (await runOnce(backend(), graph, points, { label: operation }))['y']!;
  // Integers and booleans are exact whatever the operation.
  const dtype = isFloat(expected.dtype) ? expected.dtype : 'i32';
  const difference = describeDifference(actual, expected, allowanceFor(toleranceOf(operation), dtype));
  return difference === undefined ? undefined : `${operation}(${testCase.label}): output ${difference}`;
}

async function differencesIn(
  context: SuiteContext,
  operation: TestedOperation,
  cases: readonly BackendCase[],
): Promise<string[]> {
  const differences: string[] = [];
  for (const testCase of cases) {
    const difference = await differenceIn(context, operation, testCase);
    if (difference !== undefined) differences.push(difference);
  }
  return differences;
}

function operationTests(context: SuiteContext, operation: TestedOperation, cases: OperationCases): void {
  const dtypes = dtypesOf(cases.kinds, context.floats);
  context.test(operation, async () => {
    for (const dtype of dtypes) expect(await differencesIn(context, operation, cases.fixed(dtype))).toEqual([]);
  });
  context.test(`random shapes: ${operation}`, async () => {
    for (const dtype of dtypes) {
      const property = fc.asyncProperty(cases.random(dtype), async (testCase) => {
        expect(await differenceIn(context, operation, testCase)).toBeUndefined();
      });
      await fc.assert(property, { numRuns: context.randomRuns, seed: 1 });
    }
  });
  const { special = [] } = cases;
  if (special.length === 0) return;
  context.test(`special values: ${operation}`, async () => {
    expect(await differencesIn(context, operation, special)).toEqual([]);
  });
}

/** Every operation, on chosen and random shapes and at special values. */
export function operationSuite(context: SuiteContext): void {
  describe('operations', () => {
    it('has cases for every operation of the graph package', () => {
      const names = Object.keys({ ...primitives, ...composites }).filter((name) => !NEVER_LOWERED.has(name));
      expect(Object.keys(OPERATION_CASES).toSorted()).toEqual(names.toSorted());
    });
    for (const [operation, cases] of Object.entries(OPERATION_CASES)) {
      operationTests(context, operation as TestedOperation, cases); // the record's own keys
    }
  });
}
