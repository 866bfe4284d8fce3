import {
  add,
  barrier,
  gather,
  grad,
  input,
  matmul,
  mul,
  optimize,
  reduceSum,
  silu,
  traceGraph,
  type Tensor,
} from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { emitProgram, type EmitOptions } from './emit.ts';

const one: EmitOptions = { compute: 'f32', partition: { devices: 1, state: 'replicated' }, inPlace: new Map() };
const linesOf = (outputs: Readonly<Record<string, Tensor>>, options: Partial<EmitOptions> = {}): string[] =>
  emitProgram(optimize(traceGraph(outputs)), { ...one, ...options }).text.split('\n');

const x = input('batch/x', 'f32', [8, 64]);
const w = input('policy/w', 'f32', [128, 64]);

describe('the program of a graph', () => {
  it('can be read', () => {
    expect(linesOf({ y: add(matmul(x, w, { transposeB: true }), 1) })).toEqual([
      'module @tether attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {',
      'func.func public @main(%arg0: tensor<8x64xf32>, %arg1: tensor<128x64xf32>) -> (tensor<8x128xf32>) {',
      '%0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<8x64xf32>, tensor<128x64xf32>) -> tensor<8x128xf32>',
      '%1 = stablehlo.constant dense<0x3F800000> : tensor<f32>',
      '%2 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f32>) -> tensor<8x128xf32>',
      '%3 = stablehlo.add %0, %2 : tensor<8x128xf32>',
      'return %3 : tensor<8x128xf32>',
      '}',
      '}',
      '',
    ]);
  });

  it('transposes nothing in the gradient of a linear layer', () => {
    const loss = reduceSum(silu(matmul(x, w, { transposeB: true })));
    const [dx, dw] = grad(loss, [x, w]) as [Tensor, Tensor];
    const lines = linesOf({ dx, dw });
    expect(lines.filter((line) => line.includes('transpose'))).toEqual([]);
    expect(lines.filter((line) => line.includes('dot_general'))).toHaveLength(3);
  });

  it('says which outputs take whose memory', () => {
    const lines = linesOf({ loss: reduceSum(w), next: mul(w, 2) }, { inPlace: new Map([['next', 'policy/w']]) });
    expect(lines[1]).toContain('%arg0: tensor<128x64xf32> {tf.aliasing_output = 1 : i32}');
  });

  it('keeps recomputation behind its barrier', () => {
    const lines = linesOf({ y: barrier(x, w) });
    expect(lines[2]).toBe('%0:2 = stablehlo.optimization_barrier %arg0, %arg1 : tensor<8x64xf32>, tensor<128x64xf32>');
    expect(lines[3]).toBe('return %0#0 : tensor<8x64xf32>');
  });

  it('rounds the operands of a product to bf16 where it is told to, and keeps its sum', () => {
    const [product] = linesOf({ y: matmul(x, w, { transposeB: true }) }, { compute: 'bf16' }).filter((line) =>
      line.includes('dot_general'),
    );
    expect(product).toMatch(/\(tensor<8x64xbf16>, tensor<128x64xbf16>\) -> tensor<8x128xf32>$/);
  });

  it('reads the bounds of the same indices once', () => {
    const at = input('batch/at', 'i32', [8]);
    const y = add(gather(w, at), gather(mul(w, 2), at));
    const { bounds } = emitProgram(optimize(traceGraph({ y })), one);
    expect(bounds.map(({ reader, size }) => [reader, size])).toEqual([['gather', 128]]);
  });
});

describe('the program for several devices', () => {
  const signatureOf = (state: 'replicated' | 'sharded'): string =>
    linesOf(
      { loss: reduceSum(matmul(x, w, { transposeB: true })), 'policy/w': mul(w, 2) },
      { partition: { devices: 4, state } },
    )[2]!;

  it('splits the rows of a batch', () => {
    expect(signatureOf('replicated')).toBe(
      'func.func public @main(' +
        '%arg0: tensor<8x64xf32> {sdy.sharding = #sdy.sharding<@devices, [{"rows"}, {}]>}, ' +
        '%arg1: tensor<128x64xf32> {sdy.sharding = #sdy.sharding<@devices, [{}, {}]>}) -> (' +
        'tensor<f32> {sdy.sharding = #sdy.sharding<@devices, []>}, ' +
        'tensor<128x64xf32> {sdy.sharding = #sdy.sharding<@devices, [{}, {}]>}) {',
    );
  });

  it('splits large state as well where it is told to', () => {
    expect(signatureOf('sharded')).toContain(
      '%arg1: tensor<128x64xf32> {sdy.sharding = #sdy.sharding<@devices, [{"rows"}, {}]>}',
    );
  });
});
