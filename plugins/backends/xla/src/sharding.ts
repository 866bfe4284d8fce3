import { BackendError } from '@tether/core';
import { formatType, type Graph, type TensorType } from '@tether/graph';

/** How a tensor lies on the devices: one copy on each, or equal parts of its first axis. */
export type Placement = 'replicated' | 'split';

export interface Partition {
  readonly devices: number;
  /** Parameters, moments and gradients: a copy on each device, or parts of the first axis. */
  readonly state: 'replicated' | 'sharded';
}

/** Names of the tensors whose first axis are the rows of a batch, in the graphs of a training run. */
const BATCH = ['batch/', 'precomputed/'] as const;

export const isBatch = (name: string): boolean => BATCH.some((prefix) => name.startsWith(prefix));

/** Elements from which splitting a tensor of the state is worth the exchanges. */
const LEAST_ELEMENTS = 2 ** 12;

/** Where a graph's input or output of this name and type lies. One rule for both, so that outputs fit as inputs. */
export function placementOf(name: string, { shape }: TensorType, { devices, state }: Partition): Placement {
  const [rows] = shape;
  if (devices === 1 || rows === undefined) return 'replicated';
  if (isBatch(name)) return 'split';
  const elements = shape.reduce((product, extent) => product * extent, 1);
  const isSplit = state === 'sharded' && rows % devices === 0 && elements >= LEAST_ELEMENTS;
  return isSplit ? 'split' : 'replicated';
}

/** @throws BackendError naming every batch tensor whose rows cannot be shared equally */
export function checkRows(graph: Graph, partition: Partition, label: string): void {
  const { devices } = partition;
  const uneven = [...graph.inputs, ...graph.outputs].filter(
    ([name, tensor]) => placementOf(name, tensor, partition) === 'split' && tensor.shape[0]! % devices !== 0,
  );
  if (uneven.length === 0) return;
  const told = uneven.map(([name, tensor]) => `"${name}" (${formatType(tensor)})`).join(', ');
  throw new BackendError(
    `${label}: the rows of ${told} cannot be shared equally by ${devices} devices: choose a batch size that is a multiple of ${devices}, or fewer devices`,
  );
}

/** The one mesh of a program. */
export const MESH = (devices: number): string => `sdy.mesh @devices = <["rows"=${devices}]>`;

/** Shardy's attribute of an argument or a result. */
export function shardingAttribute({ shape }: TensorType, placement: Placement): string {
  const axes = shape.map((_, axis) => (axis === 0 && placement === 'split' ? '{"rows"}' : '{}'));
  return `sdy.sharding = #sdy.sharding<@devices, [${axes.join(', ')}]>`;
}
