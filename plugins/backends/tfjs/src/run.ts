import { setImmediate as nextTurn } from 'node:timers/promises';
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

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, name } = error;
  return name === WASM_TRAP ? `${message} (WebAssembly stopped: most often it has run out of its 4 GiB)` : message;
}

/** Computes one node; whatever its lowering makes on the way is disposed of. */
export function computeStep(engine: Engine, { node, lower }: Step, values: Values): Value {
  const { tf } = engine;
  const inputs = node.inputs.map(({ id }) => values.get(id));
  const context: LoweringContext = {
    engine,
    node,
    inputs,
    kernel: engine.kernel,
    whole: (index) => expand(engine, inputs[index]!, node.inputs[index]!.shape),
  };
  try {
    checkAddressable(engine, node);
    return tf.tidy(() => {
      const result = lower(context);
      return inputs.includes(result) ? result.clone() : result; // a handle of its own on the same elements
    });
  } catch (error) {
    const place = node.scope === '' ? '' : ` in ${node.scope}`;
    throw new Error(`${node.operation.name}${place}: ${messageOf(error)}`, { cause: error });
  }
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
