import { sizeOf } from '@tether/graph';
import type { ModelBuilder, Value } from './builder.ts';
import type { Lowering } from './context.ts';

export const gather: Lowering = (_, { builder, node, whole }) => {
  const [table, indices] = [whole(0), whole(1)];
  return builder.node('Gather', [table, indices], { type: table.type, shape: node.shape }, { axis: 0 });
};

export const scatterAdd: Lowering<{ size: number }> = (_, { builder, node, whole }) =>
  addRows(builder, builder.expand(builder.scalar('f32', 0), node.shape), whole(0), whole(1));

/**
 * table [V, …R] + Σ updates [...I, …R] at the rows `indices` [...I].
 *
 * ScatterND would take whole rows, but shares its work over threads without regard to repeated indices: sums come out
 * different, and wrong, from run to run. ScatterElements goes through the elements one by one, in order.
 */
export function addRows(builder: ModelBuilder, table: Value, updates: Value, indices: Value): Value {
  const rows = sizeOf(indices.shape);
  const width = sizeOf(table.shape.slice(1));
  const matrix = builder.reshape(table, [table.shape[0]!, width]);
  const columns = builder.expand(builder.reshape(indices, [rows, 1]), [rows, width]);
  const sum = builder.node(
    'ScatterElements',
    [matrix, columns, builder.reshape(updates, [rows, width])],
    { type: table.type, shape: matrix.shape },
    { axis: 0, reduction: 'add' },
  );
  return builder.reshape(sum, table.shape);
}
