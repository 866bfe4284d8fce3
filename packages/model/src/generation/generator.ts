import { disposeOfCompiled, type Backend, type DeviceTensor } from '@tether/core';
import { bucketOf, groupByLength, rowsOf } from './buckets.ts';
import { compileDecode, compilePrefill, type GeneratingModel, type GenerationShape, type Program } from './programs.ts';
import { continueRows, startRow, type Row } from './rows.ts';
import { checkSampling, type SamplingOptions } from './sampling.ts';

export interface GeneratorOptions {
  readonly backend: Backend;
  readonly model: GeneratingModel;
  /** Prompts that are continued at once. Default 16. */
  readonly maxBatch?: number;
  /** Positions that the model was made for: prompt and continuation together stay within. */
  readonly maxLength: number;
}

export interface GenerateOptions extends SamplingOptions {
  readonly maxNewTokens: number;
  /** Default 0. */
  readonly seed?: number;
  /** A continuation ends with the first of these. Default none. */
  readonly eosTokenIds?: readonly number[];
  /**
   * The random stream of each prompt; by default its index. What a prompt gets depends on the seed, its stream and
   * itself, not on the prompts beside it (as far as the backend's kernels give a row the same numbers in any batch).
   */
  readonly streams?: readonly number[];
}

export interface Generated {
  /** The continuation, with the end token where there is one. */
  readonly tokens: readonly number[];
  /** log p of each token under the model, before temperature, top-k and top-p. */
  readonly logps: readonly number[];
  /** Whether an end token was chosen, or the room ran out. */
  readonly stop: 'end' | 'length';
}

export interface Generator {
  /**
   * Continues prompts (token ids) with the model's parameters on the device, which stay the caller's. Results are in
   * the order of the prompts.
   *
   * @throws RangeError naming a prompt that is empty, leaves no room or holds an id outside the vocabulary, or an option
   * that is out of range
   */
  generate(
    parameters: ReadonlyMap<string, DeviceTensor>,
    prompts: readonly ArrayLike<number>[],
    options: GenerateOptions,
  ): Promise<Generated[]>;
  dispose(): Promise<void>;
}

/** Batched sampling with a key/value cache. Graphs are compiled once per bucket of sizes and kept. */
export function createGenerator({ backend, model, maxBatch = 16, maxLength }: GeneratorOptions): Generator {
  const programs = new Map<string, Promise<Program>>();
  const once = (key: string, compile: () => Promise<Program>): Promise<Program> => {
    const program = programs.get(key) ?? compile();
    programs.set(key, program);
    program.catch(() => programs.delete(key));
    return program;
  };
  return {
    async generate(parameters, prompts, options) {
      checkPrompts(prompts, model.vocabularySize, maxLength);
      checkRoom(options.maxNewTokens);
      const sampling = checkSampling(options);
      const results = new Array<Generated>(prompts.length);
      for (const indices of groupByLength(prompts, maxBatch)) {
        const rows = indices.map((index) => {
          const prompt = prompts[index]!;
          const room = Math.min(options.maxNewTokens, maxLength - prompt.length);
          return startRow(prompt, options.streams?.[index] ?? index, room);
        });
        const shape = shapeOf(rows, maxBatch);
        const prefillOf = (size: GenerationShape): Promise<Program> =>
          once(`prefill ${JSON.stringify(size)}`, () => compilePrefill(backend, model, size));
        const prefill = await prefillOf(shape);
        const decode = await once(`decode ${shape.rows} ${shape.slots}`, () => compileDecode(backend, model, shape));
        const { rereadsBeyond = Infinity } = model;
        const reread =
          shape.slots > rereadsBeyond
            ? { beyond: rereadsBeyond, program: await prefillOf({ ...shape, promptLength: shape.slots }) }
            : undefined;
        const session = { backend, parameters, prefill, decode, reread, shape };
        await continueRows(session, rows, { ...options, ...sampling });
        rows.forEach((row, at) => (results[indices[at]!] = finish(row)));
      }
      return results;
    },
    async dispose() {
      await disposeOfCompiled(programs.values());
      programs.clear();
    },
  };
}

function checkPrompts(prompts: readonly ArrayLike<number>[], vocabularySize: number, maxLength: number): void {
  prompts.forEach((prompt, index) => {
    if (prompt.length === 0) throw new RangeError(`prompt ${index} is empty: give it at least one token`);
    if (prompt.length >= maxLength) {
      throw new RangeError(`prompt ${index} has ${prompt.length} tokens, and the model takes ${maxLength} in all`);
    }
    const stranger = Array.from(prompt).find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabularySize));
    if (stranger !== undefined) {
      throw new RangeError(`prompt ${index} holds token ${stranger}, but the model knows 0 … ${vocabularySize - 1}`);
    }
  });
}

function checkRoom(maxNewTokens: number): void {
  if (Number.isInteger(maxNewTokens) && maxNewTokens >= 0) return;
  throw new RangeError(`maxNewTokens must be a whole number of at least 0, not ${maxNewTokens}`);
}

const finish = ({ tokens, logps, ended }: Row): Generated => ({ tokens, logps, stop: ended ? 'end' : 'length' });

function shapeOf(rows: readonly Row[], maxBatch: number): GenerationShape {
  const longest = Math.max(...rows.map(({ prompt }) => prompt.length));
  const promptLength = bucketOf(longest);
  const slots = Math.max(promptLength, bucketOf(Math.max(...rows.map(({ prompt, room }) => prompt.length + room))));
  return { rows: rowsOf(rows.length, maxBatch), promptLength, slots };
}
