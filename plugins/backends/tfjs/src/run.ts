import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '@tether/core';
import { formatType, sizeOf, type Tensor } from '@tether/graph';
import type { Engine, Value } from './engines/engine.ts';
import { expand, type LoweringContext } from './lower/index.ts';
import type { Step } from './plan.ts';

/** Kernels hold the event loop; so long they may before others get a turn. */
const LONGEST_TURN = 50; // ms

/** Values of a run by the ids of their nodes, and which of them the run disposes of. */
export class Values {
  readonly #values = new Map<number, Value>();
  readonly #owned = new Set<number>();

  /** A value that somebody else disposes of. */
  lend(id: number, value: Value): void {
    this.#values.set(id, value);
  }

  own(id: number, value: Value): void {
    this.#values.set(id, value);
    this.#owned.add(id);
  }

  get(id: number): Value {
    return this.#values.get(id)!; // nodes come after what they are computed from
  }

  /** Frees a value, if it is the run's. */
  free(id: number): void {
    if (this.#owned.delete(id)) this.get(id).dispose();
  }

  freeAll(): void {
    for (const id of this.#owned) this.free(id);
  }
}

/** Name of the error when WebAssembly stops. */
const WASM_TRAP = 'RuntimeError';
/** What WebAssembly addresses with 32 bits. */
const WASM_BYTES = 2 ** 32;
const ELEMENT_BYTES = 4;

/** WebAssembly that is asked for more than it can address writes elsewhere, and is of no use afterwards. */
function checkAddressable({ name }: Engine, tensor: Tensor): void {
  const bytes = ELEMENT_BYTES * sizeOf(tensor.shape);
  if (name !== 'wasm' || bytes < WASM_BYTES) return;
  throw new RangeError(`out of memory: ${formatType(tensor)} takes ${bytes} bytes, and WebAssembly has 4 GiB`);
}

/** Disposes of whatever kernels make on the way to their result; a failure tells what they were run for. */
export function runKernels(engine: Engine, purpose: string, kernels: () => Value): Value {
  try {
    return engine.tf.tidy(kernels);
  } catch (error) {
    const isTrap = error instanceof Error && error.name === WASM_TRAP;
    const meaning = isTrap ? ' (WebAssembly stopped: most often it has run out of its 4 GiB)' : '';
    throw new Error(`${purpose}: ${messageOf(error)}${meaning}`, { cause: error });
  }
}

/** Computes one node. */
export function computeStep(engine: Engine, { node, lower }: Step, values: Values): Value {
  const inputs = node.inputs.map(({ id }) => values.get(id));
  const context: LoweringContext = {
    engine,
    node,
    inputs,
    kernel: engine.kernel,
    whole: (index) => expand(engine, inputs[index]!, node.inputs[index]!.shape),
  };
  const place = node.scope === '' ? '' : ` in ${node.scope}`;
  return runKernels(engine, `${node.operation.name}${place}`, () => {
    checkAddressable(engine, node);
    const result = lower(context);
    return inputs.includes(result) ? result.clone() : result; // a handle of its own on the same elements
  });
}

/** Computes the steps in order, freeing each value after its last reader. */
export async function runSteps(engine: Engine, steps: readonly Step[], values: Values): Promise<void> {
  let resumed = performance.now();
  for (const step of steps) {
    if (performance.now() - resumed > LONGEST_TURN) {
      await nextTurn();
      engine.activate();
      resumed = performance.now();
    }
    values.own(step.node.id, computeStep(engine, step, values));
    for (const id of step.dead) values.free(id);
  }
}
