/**
 * Seconds per optimizer step and peak memory of a whole DPO step (forward, inline reference, backward, AdamW).
 *
 *     node --conditions=@tether/source tools/bench/step.ts --shape smol135 [--pairs 4] [--prompt 128] [--completion 128]
 *          [--steps 4] [--rematerialize] [--layers n] [--threads n] [--profile prefix] [--settings '{"arena":false}']
 *
 * Prints one JSON line. `--profile` writes the runtime's trace of every session and prints the time by operator.
 */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  batchValues,
  countBatches,
  countValues,
  hostTensor,
  names,
  type Backend,
  type DeviceTensor,
} from '@tether/core';
import { createBackend, type SessionSettings } from '@tether/backend-onnxruntime';
import { sizeOf, type Graph } from '@tether/graph';
import { dpoStep, syntheticBatch, SHAPES, type ShapeName, type StepOptions } from './stepGraphs.ts';
import { summarizeProfile } from './profile.ts';
import { resources, type Resources } from './resources.ts';

const { values: flags } = parseArgs({
  options: {
    shape: { type: 'string', default: 'tiny15' },
    pairs: { type: 'string', default: '4' },
    prompt: { type: 'string', default: '128' },
    completion: { type: 'string', default: '128' },
    steps: { type: 'string', default: '4' },
    layers: { type: 'string' },
    threads: { type: 'string', default: '0' },
    rematerialize: { type: 'boolean', default: false },
    profile: { type: 'string' },
    settings: { type: 'string', default: '{}' },
  },
});

const options: StepOptions = {
  shape: (Object.keys(SHAPES) as ShapeName[]).find((name) => name === flags.shape) ?? 'tiny15',
  pairs: Number(flags.pairs),
  prompt: Number(flags.prompt),
  completion: Number(flags.completion),
  rematerialize: flags.rematerialize,
  ...(flags.layers === undefined ? {} : { layers: Number(flags.layers) }),
};

/** A fixed pattern in ±0.04, without the cost of true random numbers. */
function weights(size: number, key: number): Float32Array {
  let state = key + 12345;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state * (0.04 / 2 ** 31);
  });
}

async function uploadState(backend: Backend, graphs: readonly Graph[]): Promise<Map<string, DeviceTensor>> {
  const state = new Map<string, DeviceTensor>();
  for (const [name, { dtype, shape }] of graphs.flatMap((graph) => [...graph.inputs])) {
    if (state.has(name) || name.startsWith('gradient/') || dtype !== 'f32') continue;
    const parameter = name.slice(name.indexOf('/'));
    const isNorm = shape.length === 1;
    const isMoment = name.includes('Moment/');
    const data = isMoment
      ? new Float32Array(sizeOf(shape))
      : isNorm
        ? new Float32Array(sizeOf(shape)).fill(1)
        : weights(sizeOf(shape), parameter.length + sizeOf(shape));
    state.set(name, await backend.upload(hostTensor(dtype, shape, data)));
  }
  return state;
}

const pick = (graph: Graph, from: ReadonlyMap<string, DeviceTensor>): Map<string, DeviceTensor> =>
  new Map([...graph.inputs.keys()].flatMap((name) => (from.has(name) ? [[name, from.get(name)!] as const] : [])));

const step = dpoStep(options);
const backend = await createBackend(
  { providers: ['cpu'], threads: Number(flags.threads) },
  {
    ...(JSON.parse(flags.settings) as Partial<SessionSettings>),
    ...(flags.profile === undefined ? {} : { profilePrefix: flags.profile }),
  },
);
const loadStart = performance.now();
const gradient = await backend.compile(step.gradient.graph, { label: 'gradient' });
const update = await backend.compile(step.update.graph, { label: 'update', inPlace: step.update.inPlace });
const loadSeconds = (performance.now() - loadStart) / 1000;

const batch = syntheticBatch(options, step.shape);
const fed = new Map([...batchValues(batch), ...countValues(countBatches([batch]))]);
fed.set('seed', hostTensor('i32', [], Int32Array.of(1)));
for (const [name, value] of Object.entries({ learningRate: 1e-5, correction1: 1, correction2: 1, gradientScale: 1 })) {
  fed.set(name, hostTensor('f32', [], Float32Array.of(value)));
}
const state = await uploadState(backend, [step.gradient.graph, step.update.graph]);
for (const [name, value] of fed) state.set(name, await backend.upload(value));

const measured: { gradient: Resources; update: Resources; loss: number }[] = [];
for (let index = 0; index < Number(flags.steps); index++) {
  const start = resources();
  const gradients = await gradient.run(pick(step.gradient.graph, state));
  const middle = resources();
  const readings = await backend.download(gradients.get('readings')!);
  const updated = await update.run(pick(step.update.graph, new Map([...state, ...gradients])));
  for (const [name, tensor] of updated) state.set(name, tensor);
  for (const tensor of gradients.values()) backend.release(tensor);
  const end = resources();
  const loss = readings.data[step.gradient.layout.findIndex(({ name }) => name === 'loss')] ?? Number.NaN;
  measured.push({ gradient: middle.since(start), update: end.since(middle), loss });
}
const least = (select: (step: (typeof measured)[number]) => number): number =>
  Number(Math.min(...measured.map(select)).toFixed(3));
console.log(
  JSON.stringify({
    ...options,
    nodes: gradient.graph.nodes.length,
    loadSeconds: Number(loadSeconds.toFixed(2)),
    seconds: measured.map((one) => Number((one.gradient.seconds + one.update.seconds).toFixed(2))),
    gradientSeconds: least((one) => one.gradient.seconds),
    updateSeconds: least((one) => one.update.seconds),
    cpuSeconds: least((one) => one.gradient.cpuSeconds + one.update.cpuSeconds),
    peakMiB: Math.round(resources().peakMiB),
    losses: measured.map(({ loss }) => loss),
    parameters: [...state.keys()].filter((name) => name.startsWith(names.policy(''))).length,
  }),
);
await gradient.dispose();
await update.dispose();
await backend.dispose();
if (flags.profile !== undefined) {
  // Each session writes its trace when it is disposed of.
  const folder = dirname(flags.profile);
  for (const file of readdirSync(folder).filter((name) => name.startsWith(basename(flags.profile!)))) {
    console.log(`${file}\n${summarizeProfile(join(folder, file))}`);
  }
}
