import type { HostBatch, HostTensor } from '../contracts/index.ts';
import {
  batchValues,
  combineReadings,
  countBatches,
  countValues,
  mismatchedValues,
  READINGS,
  ROW_OUTPUTS,
  type ReadingVector,
} from '../step/index.ts';
import { runGraph, takeOutput } from './runGraph.ts';
import type { Trainer } from './trainer.ts';

/** What an evaluation says of one row; arrays have one entry per side, of no meaning where it has no completion tokens. */
export interface RowEvaluation {
  readonly rowNumber: number;
  readonly logps: readonly number[];
  readonly referenceLogps: readonly number[];
  /** Σ over the completion's tokens of the full-distribution KL(π‖ref), nats. */
  readonly kl: readonly number[];
  readonly completionTokens: readonly number[];
  readonly latentDistance: readonly number[];
}

export interface Evaluation {
  /** The objective's loss and metrics over all rows; empty without the objective. */
  readonly readings: Readonly<Record<string, number>>;
  readonly rows: readonly RowEvaluation[];
}

/**
 * Runs the policy (and the reference) over batches, forward only. The batches are gone through twice, so that they may be
 * made one at a time and never all be in memory.
 *
 * @param batches an array, or anything else that gives the same batches every time that it is gone through
 * @throws Error where the second time gives another number of them, as a generator does, which gives its batches once
 */
export async function evaluate(
  trainer: Trainer,
  batches: Iterable<HostBatch>,
  withObjective: boolean,
): Promise<Evaluation> {
  const { backend, definition } = trainer.options;
  const needs = new Set(withObjective ? definition.objective.plugin.needs(definition.objective.config) : []);
  let [expected, found] = [0, 0];
  const counts = countBatches(counted(batches, () => expected++));
  const countInputs = countValues(counts);
  const vectors: ReadingVector[] = [];
  const rows: RowEvaluation[] = [];
  for (const batch of counted(batches, () => found++)) {
    const compiled = await trainer.executables.evaluation(batch.shape, withObjective);
    const values = new Map([...batchValues(batch), ...mismatchedValues(needs, batch), ...countInputs]);
    const outputs = await runGraph(backend, compiled, trainer.state, values);
    vectors.push({ layout: compiled.layout, vector: (await takeOutput(backend, outputs, READINGS)).data });
    const perRow: Record<string, HostTensor> = {};
    for (const name of Object.values(ROW_OUTPUTS)) perRow[name] = await takeOutput(backend, outputs, name);
    rows.push(...rowEvaluations(batch, perRow));
  }
  if (found !== expected) {
    throw new Error(
      `evaluate goes through its batches twice: the first time there were ${expected}, the second time ${found}. Give an array, or an object that makes them anew, not a generator`,
    );
  }
  return { readings: combineReadings(vectors, counts), rows };
}

function* counted<T>(items: Iterable<T>, count: () => void): Generator<T> {
  for (const item of items) {
    count();
    yield item;
  }
}

function rowEvaluations(batch: HostBatch, outputs: Readonly<Record<string, HostTensor>>): RowEvaluation[] {
  const { sides, completionLength } = batch.shape;
  const sideValues = (name: string, row: number): number[] =>
    Array.from({ length: sides }, (_, side) => outputs[name]!.data[row * sides + side]!);
  const tokens = (row: number): number[] =>
    Array.from({ length: sides }, (_, side) => {
      const start = (row * sides + side) * completionLength;
      return batch.completionMask.subarray(start, start + completionLength).reduce((sum, mask) => sum + mask, 0);
    });
  return batch.rowNumbers.flatMap((rowNumber, row) =>
    rowNumber < 0
      ? []
      : [
          {
            rowNumber,
            logps: sideValues(ROW_OUTPUTS.logps, row),
            referenceLogps: sideValues(ROW_OUTPUTS.referenceLogps, row),
            kl: sideValues(ROW_OUTPUTS.kl, row),
            completionTokens: tokens(row),
            latentDistance: sideValues(ROW_OUTPUTS.latentDistance, row),
          },
        ],
  );
}
