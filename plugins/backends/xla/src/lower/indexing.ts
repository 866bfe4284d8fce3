import { sizeOf } from '@tether/graph';
import { list, typeText, type ProgramBuilder, type Value } from './builder.ts';
import type { Lowering, LoweringContext } from './context.ts';

/** XLA clamps an index that is outside its table, or skips it; a mistake has to be told instead. */
function check({ builder, node }: LoweringContext, indices: Value, size: number): void {
  if (builder.bounds.some((bound) => bound.indices.name === indices.name && bound.size === size)) return;
  const reader = node.scope === '' ? node.operation.name : `${node.operation.name} in ${node.scope}`;
  builder.bounds.push({ reader, size, indices });
}

export const gather: Lowering = (_, context) => {
  const { builder, node, inputs } = context;
  const [table, indices] = inputs as readonly [Value, Value];
  check(context, indices, table.shape[0]!);
  const lead = indices.shape.length;
  const offsets = table.shape.slice(1).map((_extent, axis) => axis + lead);
  const numbers = `#stablehlo.gather<offset_dims = ${list(offsets)}, collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = ${lead}>`;
  const sizes = `array<i64: ${[1, ...table.shape.slice(1)].join(', ')}>`;
  return builder.emit(
    `"stablehlo.gather"(${table.name}, ${indices.name}) <{dimension_numbers = ${numbers}, indices_are_sorted = false, slice_sizes = ${sizes}}> : (${typeText(table)}, ${typeText(indices)}) -> ${typeText(node)}`,
    node,
  );
};

export const scatterAdd: Lowering<{ size: number }> = ({ size }, context) => {
  const { builder, node, inputs } = context;
  const [updates, indices] = inputs as readonly [Value, Value];
  check(context, indices, size);
  const sums = scatterRows(builder, builder.convert(updates, 'f32'), indices, [size, ...node.shape.slice(1)]);
  return builder.convert(sums, node.dtype);
};

/** Sums rows of f32 `updates` [...I, …R] into zeros [size, …R]. */
function scatterRows(builder: ProgramBuilder, updates: Value, indices: Value, shape: readonly number[]): Value {
  const rows = sizeOf(indices.shape);
  const flat = builder.reshape(indices, [rows, 1]);
  const matrix = builder.reshape(updates, [rows, ...shape.slice(1)]);
  const type = { dtype: 'f32', shape } as const;
  const zeros = builder.constant([0], type);
  const windows = shape.slice(1).map((_, axis) => axis + 1);
  const numbers = `#stablehlo.scatter<update_window_dims = ${list(windows)}, inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>`;
  return builder.emit(
    `"stablehlo.scatter"(${zeros.name}, ${flat.name}, ${matrix.name}) <{indices_are_sorted = false, scatter_dimension_numbers = ${numbers}, unique_indices = false}> ({
^bb0(%old: tensor<f32>, %update: tensor<f32>):
  %sum = stablehlo.add %old, %update : tensor<f32>
  stablehlo.return %sum : tensor<f32>
}) : (${[zeros, flat, matrix].map(typeText).join(', ')}) -> ${typeText(type)}`,
    type,
  );
}
