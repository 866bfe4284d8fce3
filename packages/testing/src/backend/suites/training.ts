import type { Backend } from '@tether/core';
import { interpret, numbersOf, optimize, type Graph, type Value } from '@tether/graph';
import { describe, expect } from 'vitest';
import { fromHost, type Point, type Points } from '../../point.ts';
import { describeDifference, type Allowance } from '../compare.ts';
import { uploadAll } from '../run.ts';
import { initialState, stepInputs, trainingStep } from '../training/step.ts';
import type { SuiteContext } from './context.ts';

const STEPS = 5;

/**
 * Each step rounds some hundred times one after the other, and what a step got wrong the next ones carry on: 1e-4 of a
 * tensor's largest element after 5 steps is about 1000 units of roundoff. A wrong gradient shows at 1e-2 and above.
 */
const RELATIVE = 1e-4;

const isState = (name: string): boolean => name.includes('/');

const largest = (data: ArrayLike<number>): number => Math.max(...Array.from(data, Math.abs));

/** The whole run in float64: the outputs of every step. */
function expectedRun(graph: Graph): Record<string, Point>[] {
  const program = optimize(graph);
  let state: Points = initialState();
  return Array.from({ length: STEPS }, (_, step) => {
    const inputs = Object.entries({ ...state, ...stepInputs(step) });
    const values = inputs.map(([name, { dtype, shape, data }]): [string, Value] => [
      name,
      { dtype, shape, data: numbersOf(dtype, data) },
    ]);
    const outputs = Object.fromEntries(interpret(program, new Map(values)));
    state = Object.fromEntries(Object.entries(outputs).filter(([name]) => isState(name)));
    return outputs;
  });
}

/** The whole run on the backend; the state stays on the device between steps. */
async function actualRun(
  backend: Backend,
  graph: Graph,
  inPlace: ReadonlyMap<string, string>,
): Promise<Record<string, Point>[]> {
  const executable = await backend.compile(graph, { label: 'tiny training step', inPlace });
  const results: Record<string, Point>[] = [];
  let state = await uploadAll(backend, initialState());
  for (let step = 0; step < STEPS; step++) {
    const fed = await uploadAll(backend, stepInputs(step));
    const outputs = await executable.run(new Map([...state, ...fed]));
    const downloads: Record<string, Point> = {};
    for (const [name, tensor] of outputs) downloads[name] = fromHost(await backend.download(tensor));
    results.push(downloads);
    for (const tensor of fed.values()) backend.release(tensor);
    if (inPlace.size === 0) for (const tensor of state.values()) backend.release(tensor);
    state = new Map([...outputs].filter(([name]) => isState(name)));
  }
  await executable.dispose();
  return results;
}

/** Five AdamW steps of a tiny transformer. */
export function trainingSuite({ backend, test }: SuiteContext): void {
  describe('training', () => {
    test(`${STEPS} steps of a tiny transformer agree with the oracle`, async () => {
      const { graph, inPlace } = trainingStep();
      const expected = expectedRun(graph);
      const actual = await actualRun(backend(), graph, inPlace);
      const differences = expected.flatMap((outputs, step) =>
        Object.entries(outputs).flatMap(([name, point]) => {
          const allowance: Allowance = { relative: RELATIVE, floor: largest(point.data) };
          const difference = describeDifference(actual[step]![name]!, point, allowance);
          return difference === undefined ? [] : [`step ${step}, ${name} ${difference}`];
        }),
      );
      expect(differences).toEqual([]);
      expect(expected.at(-1)!['loss']!.data[0]).toBeLessThan(expected[0]!['loss']!.data[0]!);
    });
    test('a training step gives the same bits in place, not in place, and again', async () => {
      const { graph, inPlace } = trainingStep();
      const first = await actualRun(backend(), graph, inPlace);
      expect(await actualRun(backend(), graph, new Map())).toEqual(first);
      expect(await actualRun(backend(), graph, inPlace)).toEqual(first);
    });
  });
}
