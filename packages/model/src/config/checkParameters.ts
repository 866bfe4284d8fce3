import { FLOAT_DTYPES, isFloatDtype, type StoredDtype } from '../checkpoint/dtypes.ts';
import { CheckpointError } from '../checkpoint/errors.ts';
import type { CheckpointReader } from '../checkpoint/readFolder.ts';
import { architectureOf, type ModelConfig } from './architectures.ts';

/**
 * Checks that a checkpoint holds exactly the parameters of the model, each in its shape. Returns the names of tolerated tensors:
 * buffers that can be computed, and second copies of a tied tensor, which are read and must equal it.
 * Throws one CheckpointError that names every missing, unexpected and mis-shaped tensor.
 */
export async function checkParameters(reader: CheckpointReader, config: ModelConfig): Promise<readonly string[]> {
  const { parameters, ignoredTensors, redundantTensors } = architectureOf(config);
  const expected = new Map(parameters(config).map(({ name, shape }) => [name, shape]));
  const redundant = new Map(Object.entries(redundantTensors(config)));

  const extra = [...reader.tensors.keys()].filter((name) => !expected.has(name));
  const tolerated = extra.filter((name) => ignoredTensors.test(name) || redundant.has(name));
  const problems = [
    ...listed(
      'missing',
      [...expected.keys()].filter((name) => !reader.tensors.has(name)),
    ),
    ...listed(
      'unexpected',
      extra.filter((name) => !tolerated.includes(name)),
    ),
    ...misfits(reader, [
      ...expected,
      ...tolerated.map((name) => [name, expected.get(redundant.get(name) ?? '')] as const),
    ]),
  ];
  if (problems.length > 0) {
    const list = problems.map((problem) => `\n  - ${problem}`).join('');
    throw new CheckpointError(reader.folder, `its weights do not fit its config.json:${list}`);
  }
  for (const name of tolerated) await checkEqual(reader, name, redundant.get(name));
  return tolerated;
}

function listed(what: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${what} (${names.length}): ${collapseLayers(names).join(', ')}`];
}

/** Wrong shapes and dtypes, the names of one problem together. Tensors that are absent or of no prescribed shape are passed over. */
function misfits(
  reader: CheckpointReader,
  expected: readonly (readonly [name: string, shape: readonly number[] | undefined])[],
): string[] {
  const names = new Map<string, string[]>();
  for (const [name, shape] of expected) {
    const found = reader.tensors.get(name);
    const problem = found === undefined || shape === undefined ? undefined : misfit(found, shape);
    if (problem !== undefined) names.set(problem, [...(names.get(problem) ?? []), name]);
  }
  return [...names].map(([problem, group]) => `${problem}: ${collapseLayers(group).join(', ')}`);
}

function misfit(found: { shape: readonly number[]; dtype: StoredDtype }, shape: readonly number[]): string | undefined {
  if (!isFloatDtype(found.dtype)) return `dtype ${found.dtype}, but weights must be ${FLOAT_DTYPES.join(', ')}`;
  const same = found.shape.length === shape.length && shape.every((size, i) => size === found.shape[i]);
  return same ? undefined : `shape [${found.shape.join(', ')}], but the config asks for [${shape.join(', ')}]`;
}

async function checkEqual(reader: CheckpointReader, copy: string, original: string | undefined): Promise<void> {
  if (original === undefined) return;
  const [a, b] = [await reader.read(copy), await reader.read(original)];
  if (a.some((value, i) => value !== b[i])) {
    throw new CheckpointError(
      reader.folder,
      `config.json ties ${copy} to ${original}, but the two differ; set tie_word_embeddings to false to keep both`,
    );
  }
}

/**
 * Names that differ only in their layer number as one: `model.layers.{0-29}.mlp.up_proj.weight`. Nothing is left out,
 * and a checkpoint that fits not at all still gives a list that can be read.
 */
export function collapseLayers(names: readonly string[]): string[] {
  const groups = new Map<string, number[]>();
  for (const name of names) {
    const layer = /\.(\d+)\./.exec(name);
    const pattern =
      layer === null ? name : `${name.slice(0, layer.index)}.#.${name.slice(layer.index + layer[0].length)}`;
    const group = groups.get(pattern) ?? [];
    if (layer !== null) group.push(Number(layer[1]));
    groups.set(pattern, group);
  }
  return [...groups].map(([pattern, layers]) => {
    if (layers.length === 0) return pattern;
    const text = rangesOf(layers);
    return pattern.replace('#', layers.length === 1 ? text : `{${text}}`);
  });
}

/** [0, 1, 2, 5] → "0-2,5" */
function rangesOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && n === last[1] + 1) last[1] = n;
    else ranges.push([n, n]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}
