import { optimize, type Graph } from '@tether/graph';
import { ALIASING, ELEMENTWISE } from '../donations.ts';
import { emitSizedModel } from '../emit.ts';
import { lowerings } from '../lower/index.ts';

/**
 * Bytes of intermediate results that ONNX Runtime holds at most while it runs a graph, by going through its nodes in
 * order: a value lives from its node to its last reader; a reshaped one is the same memory; an elementwise operator
 * writes over an operand of its size that it is the last to read. Inputs and outputs have memory of their own, which is
 * not counted.
 */
export function peakIntermediateBytes(source: Graph): number {
  const { nodes, sizes, model } = emitSizedModel(optimize(source, Object.keys(lowerings)));
  const owner = new Map<string, string>();
  const ownerOf = (name: string): string => owner.get(name) ?? name;
  for (const { operator, inputs, outputs } of nodes) {
    if (ALIASING.has(operator)) owner.set(outputs[0]!, ownerOf(inputs[0]!));
  }
  const lastRead = new Map<string, number>();
  nodes.forEach(({ inputs }, index) => {
    for (const name of inputs) lastRead.set(ownerOf(name), index);
  });
  const outputs = new Set(model.outputs.map(({ name }) => ownerOf(name)));
  const held = new Map<string, number>();
  let [bytes, peak] = [0, 0];
  nodes.forEach(({ operator, inputs, outputs: made }, index) => {
    for (const name of made) {
      if (owner.has(name) || outputs.has(name)) continue;
      const size = sizes.get(name) ?? 0;
      const dying = inputs
        .map(ownerOf)
        .find((input) => held.get(input) === size && lastRead.get(input) === index && ELEMENTWISE.has(operator));
      if (dying === undefined) bytes += size;
      else held.delete(dying);
      held.set(name, size);
    }
    peak = Math.max(peak, bytes);
    for (const name of new Set([...inputs, ...made].map(ownerOf))) {
      if ((lastRead.get(name) ?? index) > index || !held.has(name)) continue;
      bytes -= held.get(name)!;
      held.delete(name);
    }
  });
  return peak;
}
