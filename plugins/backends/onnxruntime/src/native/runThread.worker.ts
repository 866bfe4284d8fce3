import { parentPort, workerData } from 'node:worker_threads';
import koffi from 'koffi';
import { flushDenormals } from './denormals.ts';
import { STACK_BYTES } from './stack.ts';

/** One call: numbers and addresses, since memory is shared with the thread that asks. */
export interface Call {
  readonly args: readonly (bigint | number | null)[];
}

export type Outcome = { readonly status: bigint | null } | { readonly error: string };

type NativeFunction = (...args: Call['args']) => bigint | null;

const { address, types } = workerData as { address: bigint; types: string[] }; // given by startRunThread

koffi.config({ sync_stack_size: STACK_BYTES });
flushDenormals(koffi);
const nativeFunction = koffi.decode(address, koffi.proto('void *', types)) as NativeFunction; // as its type tells

function outcomeOf(args: Call['args']): Outcome {
  try {
    return { status: nativeFunction(...args) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

const port = parentPort!; // this file runs in a worker only
port.on('message', ({ args }: Call) => port.postMessage(outcomeOf(args)));
