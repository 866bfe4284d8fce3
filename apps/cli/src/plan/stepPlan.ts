import {
  gradientStep,
  networkSpec,
  trainableParameters,
  updateStep,
  type BackendPlugin,
  type BatchShape,
  type StepDefinition,
} from '@tether/core';
import { optimize, sizeOf, type Graph, type Shape } from '@tether/graph';
import { RunError } from '../run/prepare.ts';
import { matmulFlops } from './flops.ts';

const F32_BYTES = 4;

/** Parameters and bytes of a training step, part by part; from shapes alone. */
export interface StepPlan {
  readonly parameters: number;
  readonly trainable: number;
  readonly parts: readonly MemoryPart[];
  /** Multiplications and additions in matrix products of one micro-batch, forward, reference and backward. */
  readonly flops: number;
  readonly operations: number;
}

export interface MemoryPart {
  readonly name: string;
  readonly bytes: number;
  /** Whether every device of a data-parallel run needs its own (unless it is sharded), or only its share of the batch. */
  readonly kind: 'state' | 'batch' | 'fixed';
}

/**
 * What an engine's allocator takes beyond the values that are alive, because freed places do not fit the next ones, and
 * for scratch memory inside kernels: measured on ONNX Runtime, 0 to 25 % (docs/plan.md).
 */
const ALLOCATOR_GAPS = 1.12;

/** Node, the program, and the engine's library, threads and buffers, before a model is loaded: measured, resident. */
const PROGRAM_BYTES = 200 * 2 ** 20;
/** What an operation of the step takes in the tracer and in the engine: measured. */
const OPERATION_BYTES = 24 * 2 ** 10;

const elements = (specs: Iterable<{ readonly shape: Shape }>): number =>
  [...specs].reduce((sum, { shape }) => sum + sizeOf(shape), 0);

function networkBytes({ model, regularizers }: StepDefinition): number {
  const counts = regularizers.map((use) => {
    const { parameters, state } = networkSpec(model, use);
    // With two moments each, and all of it as it was and as it will be until the step is over.
    return 2 * (3 * elements(Object.values(parameters)) + elements(Object.values(state)));
  });
  return F32_BYTES * counts.reduce((sum, count) => sum + count, 0);
}

/** Plans the step of a batch shape. The graphs are traced and optimized, never run. */
export function planStep(definition: StepDefinition, shape: BatchShape, backend: BackendPlugin): StepPlan {
  const { model } = definition;
  const traced = gradientStep(definition, shape, { continues: false, completes: true }).graph;
  const trained = trainableParameters(model);
  const frozen = new Set(model.parameters.filter(({ trainable }) => !trainable).map(({ name }) => name));
  const separate = model.referenceParameters.filter(({ name }) => !frozen.has(name));
  const gradients = F32_BYTES * elements(trained);
  const alive = (graph: Graph): number => ALLOCATOR_GAPS * intermediates(graph, backend);
  const parts: MemoryPart[] = [
    { name: 'weights', bytes: F32_BYTES * elements(model.parameters), kind: 'state' },
    {
      name: 'reference',
      // One that moves is kept as it was too: evaluations measure against the start.
      bytes: (definition.reference === 'moving' ? 2 : 1) * F32_BYTES * elements(separate),
      kind: 'state',
    },
    { name: 'gradients', bytes: gradients, kind: 'state' },
    { name: 'optimizer', bytes: 2 * F32_BYTES * elements(trained), kind: 'state' },
    { name: 'discriminators', bytes: networkBytes(definition), kind: 'state' },
    { name: 'activations', bytes: alive(traced), kind: 'batch' },
    // Of the weights' sizes, which the places of the activations do not fit: they come on top.
    { name: 'update', bytes: alive(updateStep(definition).graph), kind: 'state' },
    { name: 'program', bytes: PROGRAM_BYTES + OPERATION_BYTES * traced.nodes.length, kind: 'fixed' },
  ];
  return {
    parameters: elements(model.parameters),
    trainable: elements(trained),
    parts,
    flops: matmulFlops(optimize(traced)),
    operations: traced.nodes.length,
  };
}

function intermediates(graph: Graph, { name, peakIntermediateBytes }: BackendPlugin): number {
  if (peakIntermediateBytes === undefined) {
    throw new RunError(`backend ${name} cannot tell beforehand what it holds: plan with --set backend=onnxruntime`);
  }
  return peakIntermediateBytes(graph);
}

export const totalBytes = (parts: readonly MemoryPart[]): number => parts.reduce((sum, { bytes }) => sum + bytes, 0);

/** Bytes on each of `devices`: the batch is split; state is held by each, or split too. */
export function bytesPerDevice(parts: readonly MemoryPart[], devices: number, sharded: boolean): number {
  const share: Readonly<Record<MemoryPart['kind'], number>> = {
    state: sharded ? devices : 1,
    batch: devices,
    fixed: 1,
  };
  return parts.reduce((sum, { bytes, kind }) => sum + bytes / share[kind], 0);
}
