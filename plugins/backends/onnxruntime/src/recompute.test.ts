import { add, grad, input, matmul, optimize, reduceSum, silu, traceGraph, type Tensor } from '@tether/graph';
import { wave } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { emitSteps } from './emit.ts';
import { lowerings } from './lower/index.ts';
import { HostMemory } from './memory/host.ts';
import { loadRuntime } from './native/library.ts';
import { encodeModel, type OnnxModel } from './onnx/model.ts';
import { planSteps } from './plan.ts';
import { recomputeCheap } from './recompute.ts';
import { createSession } from './session.ts';
import { defaultSettings } from './settings.ts';
import { TensorStore } from './tensor.ts';
import { operatorsOf } from './testing/models.ts';

const SIZE = 256; // 2¹⁶ elements a tensor
const DEPTH = 24;

/** Forward and backward pass of a residual chain, long enough for its activations to wait. */
function chain() {
  const weights = Array.from({ length: DEPTH }, (_, index) => input(`w${index}`, 'f32', [SIZE, SIZE]));
  const x = input('x', 'f32', [SIZE, SIZE]);
  const y = weights.reduce<Tensor>((state, w) => add(state, matmul(silu(matmul(state, w)), w)), x);
  const gradients = grad(reduceSum(y), weights);
  const outputs = Object.fromEntries(gradients.map((gradient, index) => [`g${index}`, gradient]));
  return optimize(traceGraph(outputs), Object.keys(lowerings));
}

async function run(model: OnnxModel): Promise<number[][]> {
  const runtime = await loadRuntime();
  const store = new TensorStore('test', new HostMemory(runtime));
  const names = [model.inputs, model.outputs].map((values) => values.map(({ name }) => name));
  const session = await createSession(runtime, encodeModel(model), names[0]!, names[1]!, defaultSettings(2, []));
  const shape = [SIZE, SIZE];
  const inputs = await Promise.all(
    names[0]!.map((_, index) =>
      store.fromHost({ dtype: 'f32', shape, data: wave(shape, index + 1).map((value) => value / 16) }),
    ),
  );
  const outputs = names[1]!.map(() => store.allocate({ dtype: 'f32', shape }));
  const handles = [inputs, outputs].map((tensors) => tensors.map((tensor) => tensor.content().handle));
  await session.run(handles[0]!, handles[1]!);
  session.dispose();
  return Promise.all(outputs.map(async (tensor) => Array.from((await store.toHost(tensor)).data)));
}

describe('computing cheap results again', () => {
  const graph = chain();
  const steps = planSteps(graph);
  const kept = emitSteps(graph, steps);
  const recomputed = emitSteps(graph, recomputeCheap(steps, [...graph.outputs.values()]));
  const activations = (model: OnnxModel): number =>
    operatorsOf(model).filter((operator) => operator.endsWith('QuickGelu')).length;

  it('repeats activations that would wait for the backward pass, and no matrix product', () => {
    expect(activations(kept)).toBe(DEPTH);
    expect(activations(recomputed)).toBeGreaterThan(DEPTH * 1.5);
    const products = (model: OnnxModel) => operatorsOf(model).filter((operator) => operator.endsWith('MatMul')).length;
    expect(products(recomputed)).toBe(products(kept));
  });

  it('gives the same numbers, bit for bit', async () => {
    expect(await run(recomputed)).toEqual(await run(kept));
  });
});
