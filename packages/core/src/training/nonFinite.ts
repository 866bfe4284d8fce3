import {
  constant,
  formatType,
  isFloat,
  mul,
  reduceSum,
  reshape,
  concat,
  traceGraph,
  cast,
  type Graph,
  type Tensor,
} from '@tether/graph';
import type { Backend, HostTensor } from '../contracts/index.ts';
import type { DeviceState } from './deviceState.ts';
import { runGraph, takeOutput } from './runGraph.ts';

/** A loss or gradient that is NaN or infinite: where it happened and what it came from. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';
}

const PROBES = 'probes';

/** Σ x·0: 0 where every element is finite, NaN otherwise. */
const probe = (tensor: Tensor): Tensor => reshape(reduceSum(mul(cast(tensor, 'f32'), constant(0))), [1]);

/**
 * Runs the graph once more with a probe on every float value and names the first bad one.
 *
 * @returns text such as `softmax f32[4, 8] in policy/layers.3/attention`, or undefined when all are finite
 */
export async function firstNonFinite(
  backend: Backend,
  graph: Graph,
  state: DeviceState,
  values: ReadonlyMap<string, HostTensor>,
): Promise<string | undefined> {
  const watched = [...graph.inputs.values(), ...graph.nodes].filter(({ dtype }) => isFloat(dtype));
  const executable = await backend.compile(traceGraph({ [PROBES]: concat(watched.map(probe), 0) }), { label: 'probe' });
  try {
    const outputs = await runGraph(backend, { executable, consumes: new Set() }, state, values);
    const { data } = await takeOutput(backend, outputs, PROBES);
    const index = data.findIndex((value) => !Number.isFinite(value));
    const tensor = watched[index];
    return tensor === undefined ? undefined : describe(graph, tensor);
  } finally {
    await executable.dispose();
  }
}

function describe(graph: Graph, tensor: Tensor): string {
  for (const [name, input] of graph.inputs) if (input === tensor) return `input "${name}" ${formatType(tensor)}`;
  return `${tensor.operation.name} ${formatType(tensor)}${tensor.scope === '' ? '' : ` in ${tensor.scope}`}`;
}
