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

/** Reference rows by row number, read when they are asked for: with hidden states, all of them may not fit in memory. */
export interface ReferenceRows {
  read(rowNumber: number): Promise<ReferenceRow | undefined>;
  close(): Promise<void>;
}

/** A row that is still to be computed. */
export interface PlannedReferenceRow {
  readonly rowNumber: number;
  /** Numbers of elements. */
  readonly logps: number;
  readonly hiddenStates?: number;
  /** Computes the row, with its whole batch. Cheap only in the order of the plan: of one batch after the other. */
  compute(): Promise<ReferenceRow>;
}

/** Keeps reference rows between runs, under a key of everything that they depend on. */
export interface ReferenceStore {
  /** The rows that were saved; undefined where there are none. */
  open(): Promise<ReferenceRows | undefined>;
  /** Computes the rows in their order and keeps them. */
  save(rows: readonly PlannedReferenceRow[]): Promise<void>;
}

/** Keeps rows for this run alone, in memory. */
function memoryStore(): ReferenceStore {
  let kept: Map<number, ReferenceRow> | undefined;
  return {
    open: () =>
      Promise.resolve(
        kept && { read: (rowNumber) => Promise.resolve(kept?.get(rowNumber)), close: () => Promise.resolve() },
      ),
    async save(rows) {
      kept = new Map();
      for (const row of rows) kept.set(row.rowNumber, await row.compute());
    },
  };
}

/** Row `index` of an array with `size` elements a row. */
const rowOf = (data: ArrayLike<number>, index: number, size: number): Float32Array =>
  Float32Array.from({ length: size }, (_, offset) => data[index * size + offset]!);

type Compute = (batch: HostBatch) => Promise<readonly ReferenceRow[]>;

/** What the reference says of each row of a batch, filler rows included. */
const computing =
  (backend: Backend, definition: StepDefinition, state: DeviceState, executables: Executables): Compute =>
  async (batch) => {
    const withStates = needsReferenceStates(needsOf(definition));
    const compiled = await executables.reference(batch.shape, withStates);
    const outputs = await runGraph(backend, compiled, state, batchValues(batch));
    const logps = await takeOutput(backend, outputs, PRECOMPUTED.logps);
    const states = withStates ? await takeOutput(backend, outputs, PRECOMPUTED.hiddenStates) : undefined;
    const sizes = sizesOf(batch.shape, definition);
    return batch.rowNumbers.map((_, index) => ({
      logps: rowOf(logps.data, index, sizes.logps),
      ...(states === undefined ? {} : { hiddenStates: rowOf(states.data, index, sizes.hiddenStates!) }),
    }));
  };

/** Elements that are kept of a row in the shape of its bucket. */
function sizesOf(
  { sides, completionLength, rowLength }: BatchShape,
  definition: StepDefinition,
): Pick<PlannedReferenceRow, 'logps' | 'hiddenStates'> {
  const logps = sides * completionLength;
  const withStates = needsReferenceStates(needsOf(definition));
  return withStates ? { logps, hiddenStates: rowLength * definition.model.hiddenSize } : { logps };
}

/** All rows of the batches, of which one batch is computed at a time, and made anew for it. */
function planned(
  everyRow: () => Iterable<HostBatch>,
  definition: StepDefinition,
  compute: Compute,
): readonly PlannedReferenceRow[] {
  const again: Iterator<HostBatch, unknown> = everyRow()[Symbol.iterator]();
  let [current, rows]: [number, readonly ReferenceRow[]] = [-1, []];
  const computeBatch = async (wanted: number): Promise<readonly ReferenceRow[]> => {
    while (current < wanted) {
      const next = again.next();
      if (next.done === true)
        throw new Error('there are fewer training rows the second time that they are gone through');
      current++;
      if (current === wanted) rows = await compute(next.value);
    }
    if (current !== wanted) throw new Error('reference rows are computed in their order only');
    return rows;
  };
  const plan: PlannedReferenceRow[] = [];
  let number = 0;
  for (const { shape, rowNumbers } of everyRow()) {
    const own = number++;
    const sizes = sizesOf(shape, definition);
    rowNumbers.forEach((rowNumber, index) => {
      if (rowNumber < 0) return;
      plan.push({
        rowNumber,
        ...sizes,
        compute: async () => (await computeBatch(own))[index]!,
      });
    });
  }
  return plan;
}

/** Computes what the reference says of every training row, or finds it in the store. */
export async function precomputeReference(
  backend: Backend,
  definition: StepDefinition,
  state: DeviceState,
  executables: Executables,
  everyRow: () => Iterable<HostBatch>,
  store: ReferenceStore = memoryStore(),
): Promise<ReferenceRows> {
  const stored = await store.open();
  if (stored !== undefined) return stored;
  await store.save(planned(everyRow, definition, computing(backend, definition, state, executables)));
  const saved = await store.open();
  if (saved === undefined) throw new Error('the precomputed reference was saved, but is not there');
  return saved;
}

/** The precomputed inputs of a batch; filler rows are 0. Hidden states only where the run keeps them. */
export async function precomputedValues(
  rows: ReferenceRows,
  batch: HostBatch,
  definition: StepDefinition,
): Promise<Map<string, HostTensor>> {
  const { rows: count, sides, completionLength, rowLength } = batch.shape;
  const sizes = sizesOf(batch.shape, definition);
  const logps = new Float32Array(count * sizes.logps);
  const hiddenStates = sizes.hiddenStates === undefined ? undefined : new Float32Array(count * sizes.hiddenStates);
  for (const [index, rowNumber] of batch.rowNumbers.entries()) {
    if (rowNumber < 0) continue;
    const row = await rows.read(rowNumber);
    if (row === undefined) throw new Error(`row ${rowNumber} has no precomputed reference`);
    logps.set(row.logps, index * sizes.logps);
    if (hiddenStates === undefined) continue;
    if (row.hiddenStates === undefined) throw new Error(`row ${rowNumber} has no precomputed hidden states`);
    hiddenStates.set(row.hiddenStates, index * sizes.hiddenStates!);
  }
  const values = new Map<string, HostTensor>([
    [PRECOMPUTED.logps, hostTensor('f32', [count, sides, completionLength], logps)],
  ]);
  if (hiddenStates !== undefined) {
    const shape = [count, rowLength, definition.model.hiddenSize];
    values.set(PRECOMPUTED.hiddenStates, hostTensor('f32', shape, hiddenStates));
  }
  return values;
}
