import { hostTensor, randomUniform, type Backend, type DeviceTensor, type HostTensor } from '@tether/core';
import type { GenerationShape, Program } from './programs.ts';
import { sampleToken, type SamplingOptions } from './sampling.ts';

/** A prompt and what was made of it so far. */
export interface Row {
  readonly prompt: ArrayLike<number>;
  readonly stream: number;
  /** Tokens that may still come. */
  readonly room: number;
  readonly tokens: number[];
  readonly logps: number[];
  ended: boolean;
}

export const startRow = (prompt: ArrayLike<number>, stream: number, room: number): Row => ({
  prompt,
  stream,
  room,
  tokens: [],
  logps: [],
  ended: false,
});

const lengthOf = ({ prompt, tokens }: Row): number => prompt.length + tokens.length;
const isOpen = (row: Row): boolean => !row.ended && row.tokens.length < row.room;
export interface Session {
  readonly backend: Backend;
  readonly parameters: ReadonlyMap<string, DeviceTensor>;
  readonly prefill: Program;
  readonly decode: Program;
  /** Reads rows as a whole when one of them grows beyond a length; see `CachedModel`. */
  readonly reread: { readonly beyond: number; readonly program: Program } | undefined;
  readonly shape: GenerationShape;
}

/** Keys and values of the rows so far: the tensors that are alive. */
type Cache = Map<string, DeviceTensor>;

/** Writes the continuations into `rows`. Rows of the batch beyond them repeat a token that nobody reads. */
export async function continueRows(session: Session, rows: readonly Row[], options: RowOptions): Promise<void> {
  const { backend, shape, reread } = session;
  const cache: Cache = new Map();
  try {
    let program = session.prefill;
    let values = wholeRows(rows, shape.rows, shape.promptLength);
    while (rows.some(isOpen)) {
      const logits = await runProgram(session, program, cache, values);
      extendRows(rows, await take(backend, logits), options);
      const crosses = rows.some((row) => isOpen(row) && lengthOf(row) - 1 === reread?.beyond);
      if (reread !== undefined && crosses) {
        for (const tensor of cache.values()) backend.release(tensor);
        cache.clear();
        program = reread.program;
        values = wholeRows(rows, shape.rows, shape.slots);
      } else {
        program = session.decode;
        values = stepValues(rows, shape);
      }
    }
  } finally {
    for (const tensor of cache.values()) backend.release(tensor);
  }
}

/** Downloads a tensor and gives its memory back. */
async function take(backend: Backend, tensor: DeviceTensor): Promise<HostTensor> {
  try {
    return await backend.download(tensor);
  } finally {
    backend.release(tensor);
  }
}

/** All tokens of every row so far. */
function wholeRows(rows: readonly Row[], count: number, length: number): Map<string, HostTensor> {
  const tokens = new Int32Array(count * length);
  const lengths = new Int32Array(count).fill(1);
  rows.forEach((row, index) => {
    tokens.set(Array.from(row.prompt), index * length);
    tokens.set(row.tokens, index * length + row.prompt.length);
    lengths[index] = lengthOf(row);
  });
  return new Map([
    ['tokens', hostTensor('i32', [count, length], tokens)],
    ['lengths', hostTensor('i32', [count], lengths)],
  ]);
}

/** The last token of each row at its position. A row that is done stays where it ended. */
function stepValues(rows: readonly Row[], { rows: count }: GenerationShape): Map<string, HostTensor> {
  const tokens = new Int32Array(count);
  const positions = new Int32Array(count);
  rows.forEach((row, index) => {
    tokens[index] = row.tokens.at(-1) ?? 0;
    positions[index] = row.prompt.length + Math.max(0, row.tokens.length - 1);
  });
  return new Map([
    ['tokens', hostTensor('i32', [count], tokens)],
    ['positions', hostTensor('i32', [count], positions)],
  ]);
}

/** One pass, from the cache to the next one in its place; gives the logits. Everything alive is the caller's. */
async function runProgram(
  { backend, parameters }: Session,
  { graph, executable }: Program,
  cache: Cache,
  values: ReadonlyMap<string, HostTensor>,
): Promise<DeviceTensor> {
  const uploaded = new Map<string, DeviceTensor>();
  try {
    for (const [name, value] of values) uploaded.set(name, await backend.upload(value));
    const inputs = new Map<string, DeviceTensor>();
    for (const name of graph.inputs.keys()) {
      const tensor = uploaded.get(name) ?? cache.get(name) ?? parameters.get(name);
      if (tensor === undefined) throw new Error(`the model's parameter "${name}" is not among those given`);
      inputs.set(name, tensor);
    }
    cache.clear(); // given up to the run, also where it fails
    const { logits, layers } = splitOutputs(await executable.run(inputs));
    for (const [name, tensor] of layers) cache.set(name, tensor);
    return logits;
  } finally {
    for (const tensor of uploaded.values()) backend.release(tensor);
  }
}

function splitOutputs(outputs: ReadonlyMap<string, DeviceTensor>): {
  readonly logits: DeviceTensor;
  readonly layers: readonly (readonly [string, DeviceTensor])[];
} {
  const layers = [...outputs].filter(([name]) => name !== 'logits');
  return { logits: outputs.get('logits')!, layers }; // an output of both graphs
}

export interface RowOptions extends Required<SamplingOptions> {
  readonly seed?: number;
  readonly eosTokenIds?: readonly number[];
}

/** Chooses the next token of every open row from logits [B, V]. */
function extendRows(rows: readonly Row[], { shape, data }: HostTensor, options: RowOptions): void {
  const size = shape[1]!;
  rows.forEach((row, index) => {
    if (!isOpen(row)) return;
    const uniform = randomUniform(options.seed ?? 0, row.stream, row.tokens.length);
    const { token, logp } = sampleToken(data.subarray(index * size, (index + 1) * size), options, uniform);
    row.tokens.push(token);
    row.logps.push(logp);
    row.ended = options.eosTokenIds?.includes(token) ?? false;
  });
}
