import { input, type DType, type Shape, type Tensor } from '@tether/graph';
import { hostTensor, type BatchShape, type HostBatch, type HostTensor, type RowTensors } from '../contracts/index.ts';

/** The arrays of a batch as symbolic inputs. */
export interface BatchInputs extends RowTensors {
  readonly predictors: Tensor; // i32 [B, S, C]
  readonly labels: Tensor; // i32 [B, S, C]
  readonly completionMask: Tensor; // f32 [B, S, C]
  readonly views: Tensor; // i32 [B, S, L]
  readonly viewMask: Tensor; // f32 [B, S, L]
  readonly rowWeight: Tensor; // f32 [B]
}

type Field = keyof BatchInputs;

/** Type of every array; the one place that ties HostBatch to the graph. */
function fieldTypes({
  rows,
  rowLength,
  sides,
  completionLength,
  viewLength,
}: BatchShape): Record<Field, [DType, Shape]> {
  const row: Shape = [rows, rowLength];
  const completion: Shape = [rows, sides, completionLength];
  const view: Shape = [rows, sides, viewLength];
  return {
    tokens: ['i32', row],
    segments: ['i32', row],
    positions: ['i32', row],
    keyMask: ['i32', row],
    predictors: ['i32', completion],
    labels: ['i32', completion],
    completionMask: ['f32', completion],
    views: ['i32', view],
    viewMask: ['f32', view],
    rowWeight: ['f32', [rows]],
  };
}

const FIELDS = [
  'tokens',
  'segments',
  'positions',
  'keyMask',
  'predictors',
  'labels',
  'completionMask',
  'views',
  'viewMask',
  'rowWeight',
] as const satisfies readonly Field[];

/** Symbolic inputs `<prefix>/<field>` for a bucket. */
export function batchInputs(shape: BatchShape, prefix = 'batch'): BatchInputs {
  const types = fieldTypes(shape);
  const make = (field: Field): Tensor => input(`${prefix}/${field}`, ...types[field]);
  return {
    tokens: make('tokens'),
    segments: make('segments'),
    positions: make('positions'),
    keyMask: make('keyMask'),
    predictors: make('predictors'),
    labels: make('labels'),
    completionMask: make('completionMask'),
    views: make('views'),
    viewMask: make('viewMask'),
    rowWeight: make('rowWeight'),
  };
}

/** The values for those inputs. */
export function batchValues(batch: HostBatch, prefix = 'batch'): Map<string, HostTensor> {
  const types = fieldTypes(batch.shape);
  return new Map(FIELDS.map((field) => [`${prefix}/${field}`, hostTensor(...types[field], batch[field])]));
}

/** What means are divided by: the counts over the whole optimizer batch. */
export interface BatchCounts {
  readonly rows: number;
  /** Completion tokens per side. */
  readonly sideTokens: readonly number[];
  /** Rows that have the side. */
  readonly sideRows: readonly number[];
  /** Rows that have both sides. */
  readonly pairs: number;
}

/** Counts real rows and completion tokens over the micro-batches of one optimizer step. */
export function countBatches(batches: Iterable<HostBatch>): BatchCounts {
  const sideTokens: number[] = [0];
  const sideRows: number[] = [0];
  let [rows, pairs] = [0, 0];
  for (const { shape, completionMask, rowWeight } of batches) {
    const { sides, completionLength } = shape;
    while (sideTokens.length < sides) {
      sideTokens.push(0);
      sideRows.push(0);
    }
    rowWeight.forEach((weight, row) => {
      rows += weight;
      let present = 0;
      for (let side = 0; side < sides; side++) {
        const start = (row * sides + side) * completionLength;
        const tokens = completionMask.subarray(start, start + completionLength).reduce((sum, mask) => sum + mask, 0);
        sideTokens[side]! += tokens * weight;
        if (tokens === 0) continue;
        sideRows[side]! += weight;
        present++;
      }
      if (present === 2) pairs += weight;
    });
  }
  return { rows, sideTokens, sideRows, pairs };
}

/** Inverse counts as scalar inputs: multiplying keeps one division on the host, in float64. */
export interface CountInputs {
  readonly perRow: Tensor;
  readonly perToken: Tensor;
  readonly perSideToken: readonly Tensor[];
  readonly perCompletion: Tensor;
  readonly perSideRow: readonly Tensor[];
  readonly perPair: Tensor;
}

export function countInputs(sides: 1 | 2): CountInputs {
  const scalar = (name: string): Tensor => input(`count/${name}`, 'f32', []);
  return {
    perRow: scalar('perRow'),
    perToken: scalar('perToken'),
    perSideToken: Array.from({ length: sides }, (_, side) => scalar(`perSideToken${side}`)),
    perCompletion: scalar('perCompletion'),
    perSideRow: Array.from({ length: sides }, (_, side) => scalar(`perSideRow${side}`)),
    perPair: scalar('perPair'),
  };
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

export function countValues({ rows, sideTokens, sideRows, pairs }: BatchCounts): Map<string, HostTensor> {
  const inverse = (name: string, count: number) => scalarValue(`count/${name}`, 1 / Math.max(1, count));
  return new Map([
    inverse('perRow', rows),
    inverse('perToken', total(sideTokens)),
    ...sideTokens.map((count, side) => inverse(`perSideToken${side}`, count)),
    inverse('perCompletion', total(sideRows)),
    ...sideRows.map((count, side) => inverse(`perSideRow${side}`, count)),
    inverse('perPair', pairs),
  ]);
}

/** A named f32 scalar. Kept in float64 here: the backend rounds. */
export const scalarValue = (name: string, value: number): [string, HostTensor] => [
  name,
  hostTensor('f32', [], Float64Array.of(value)),
];

export const seedValue = (name: string, value: number): [string, HostTensor] => [
  name,
  hostTensor('i32', [], Int32Array.of(value)),
];
