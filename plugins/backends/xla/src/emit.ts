import { type Graph, type Tensor } from '@tether/graph';
import {
  lowerings,
  ProgramBuilder,
  typeText,
  type Bound,
  type Compute,
  type Lowering,
  type Value,
} from './lower/index.ts';
import { MESH, placementOf, shardingAttribute, type Partition } from './sharding.ts';

export interface EmitOptions {
  readonly compute: Compute;
  readonly partition: Partition;
  /** Output → input whose memory it takes. */
  readonly inPlace: ReadonlyMap<string, string>;
}

export interface Program {
  /** A StableHLO module. Its arguments are the graph's inputs, its results the graph's outputs. */
  readonly text: string;
  /** Two more numbers per bound, in one more result where there are any: the smallest and the largest index. */
  readonly bounds: readonly Bound[];
}

/** The StableHLO program of a graph that `optimize` has been through. */
export function emitProgram(graph: Graph, options: EmitOptions): Program {
  const builder = new ProgramBuilder();
  const values = new Map<number, Value>();
  [...graph.inputs.values()].forEach(({ id, dtype, shape }, index) => {
    values.set(id, { name: `%arg${index}`, dtype, shape });
  });
  for (const node of graph.nodes) values.set(node.id, lower(node, builder, values, options.compute));
  const results = [...graph.outputs.values()].map(({ id }) => values.get(id)!); // nodes were all lowered
  const { bounds } = builder;
  const extremes = emitExtremes(builder, bounds);
  const all = extremes === undefined ? results : [...results, extremes];
  const { devices } = options.partition;
  const text = [
    `module @tether attributes {mhlo.num_partitions = ${devices} : i32, mhlo.num_replicas = 1 : i32} {`,
    ...(devices === 1 ? [] : [MESH(devices)]),
    `func.func public @main(${argumentList(graph, options)}) -> (${resultList(graph, all, options.partition)}) {`,
    ...builder.lines,
    `return ${all.map(({ name }) => name).join(', ')} : ${all.map(typeText).join(', ')}`,
    '}',
    '}',
    '',
  ].join('\n');
  return { text, bounds };
}

function lower(node: Tensor, builder: ProgramBuilder, values: ReadonlyMap<number, Value>, compute: Compute): Value {
  const { name } = node.operation;
  // The table has every operation that `optimize` leaves; each function gets its own operation's attributes.
  const lowering = (lowerings as unknown as Readonly<Record<string, Lowering>>)[name];
  if (lowering === undefined) throw new Error(`operation ${name} has no StableHLO lowering`);
  const inputs = node.inputs.map(({ id }) => values.get(id)!); // nodes come after what they are computed from
  return lowering(node.attributes, { node, builder, inputs, compute });
}

/** [smallest, largest] of each bound's indices, one after the other: i32 [2 · bounds]. */
function emitExtremes(builder: ProgramBuilder, bounds: readonly Bound[]): Value | undefined {
  if (bounds.length === 0) return undefined;
  const extremes = bounds.flatMap(({ indices }) => {
    const axes = indices.shape.map((_, axis) => axis);
    return [
      builder.reduce('minimum', indices, axes, 2 ** 31 - 1),
      builder.reduce('maximum', indices, axes, -(2 ** 31)),
    ].map((value) => builder.reshape(value, [1]));
  });
  const type = { dtype: 'i32', shape: [extremes.length] } as const;
  const names = extremes.map(({ name }) => name).join(', ');
  return builder.emit(
    `stablehlo.concatenate ${names}, dim = 0 : (${extremes.map(typeText).join(', ')}) -> ${typeText(type)}`,
    type,
  );
}

const braces = (attributes: readonly string[]): string =>
  attributes.length === 0 ? '' : ` {${attributes.join(', ')}}`;

function argumentList(graph: Graph, { partition, inPlace }: EmitOptions): string {
  const outputs = [...graph.outputs.keys()];
  const lies = (name: string): string =>
    placementOf(name, graph.inputs.get(name) ?? graph.outputs.get(name)!, partition);
  const shareable = [...inPlace].filter(([output, input]) => graph.inputs.has(input) && lies(output) === lies(input));
  const takers = new Map(shareable.map(([output, input]) => [input, outputs.indexOf(output)]));
  return [...graph.inputs]
    .map(([name, tensor], index) => {
      const attributes: string[] = [];
      const taker = takers.get(name);
      if (partition.devices > 1) attributes.push(shardingAttribute(tensor, placementOf(name, tensor, partition)));
      if (taker !== undefined) attributes.push(`tf.aliasing_output = ${taker} : i32`);
      return `%arg${index}: ${typeText(tensor)}${braces(attributes)}`;
    })
    .join(', ');
}

function resultList(graph: Graph, results: readonly Value[], partition: Partition): string {
  const names = [...graph.outputs.keys()];
  return results
    .map((value, index) => {
      const name = names[index];
      const placement = name === undefined ? 'replicated' : placementOf(name, value, partition);
      return `${typeText(value)}${braces(partition.devices > 1 ? [shardingAttribute(value, placement)] : [])}`;
    })
    .join(', ');
}
