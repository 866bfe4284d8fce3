import { hostTensor, type Backend, type BatchShape, type HostBatch, type HostTensor } from '../contracts/index.ts';
import { batchValues, needsOf, needsReferenceStates, PRECOMPUTED, type StepDefinition } from '../step/index.ts';
import type { DeviceState } from './deviceState.ts';
import type { Executables } from './executables.ts';
import { runGraph, takeOutput } from './runGraph.ts';

/** What the reference says of one row, in the shape of the row's bucket. */
export interface ReferenceRow {
  readonly logps: Float32Array; // [S, C]
  readonly hiddenStates?: Float32Array; // [T, H]
}

/** Keeps reference rows between runs, under a key of everything that they depend on. */
export interface ReferenceStore {
  load(): Promise<ReadonlyMap<number, ReferenceRow> | undefined>;
  save(rows: ReadonlyMap<number, ReferenceRow>): Promise<void>;
}

/** Row `index` of an array with `size` elements a row. */
const rowOf = (data: ArrayLike<number>, index: number, size: number): Float32Array =>
  Float32Array.from({ length: size }, (_, offset) => data[index * size + offset]!);

/** Computes (or loads) what the reference says of every training row. */
export async function precomputeReference(
  backend: Backend,
  definition: StepDefinition,
  state: DeviceState,
  executables: Executables,
  batches: Iterable<HostBatch>,
  store: ReferenceStore | undefined,
): Promise<ReadonlyMap<number, ReferenceRow>> {
  const stored = await store?.load();
  if (stored !== undefined) return stored;
  const withStates = needsReferenceStates(needsOf(definition));
  const rows = new Map<number, ReferenceRow>();
  for (const batch of batches) {
    const compiled = await executables.reference(batch.shape, withStates);
    const outputs = await runGraph(backend, compiled, state, batchValues(batch));
    const logps = await takeOutput(backend, outputs, PRECOMPUTED.logps);
    const states = withStates ? await takeOutput(backend, outputs, PRECOMPUTED.hiddenStates) : undefined;
    const { sides, completionLength, rowLength } = batch.shape;
    batch.rowNumbers.forEach((rowNumber, index) => {
      if (rowNumber < 0) return;
      rows.set(rowNumber, {
        logps: rowOf(logps.data, index, sides * completionLength),
        ...(states === undefined
          ? {}
          : { hiddenStates: rowOf(states.data, index, rowLength * definition.model.hiddenSize) }),
      });
    });
  }
  await store?.save(rows);
  return rows;
}

/** The precomputed inputs of a batch; filler rows are 0. */
export function precomputedValues(
  rows: ReadonlyMap<number, ReferenceRow>,
  batch: HostBatch,
  hiddenSize: number,
): Map<string, HostTensor> {
  const { rows: count, sides, completionLength, rowLength }: BatchShape = batch.shape;
  const logps = new Float32Array(count * sides * completionLength);
  const hiddenStates = new Float32Array(count * rowLength * hiddenSize);
  batch.rowNumbers.forEach((rowNumber, index) => {
    if (rowNumber < 0) return;
    const row = rows.get(rowNumber);
    if (row === undefined) throw new Error(`row ${rowNumber} has no precomputed reference`);
    logps.set(row.logps, index * sides * completionLength);
    if (row.hiddenStates !== undefined) hiddenStates.set(row.hiddenStates, index * rowLength * hiddenSize);
  });
  return new Map([
    [PRECOMPUTED.logps, hostTensor('f32', [count, sides, completionLength], logps)],
    [PRECOMPUTED.hiddenStates, hostTensor('f32', [count, rowLength, hiddenSize], hiddenStates)],
  ]);
}
