import type { Value } from './builder.ts';
import type { Lowering, LoweringContext } from './context.ts';

export const gather: Lowering = (_, { builder, node, whole }) => {
  const [table, indices] = [whole(0), whole(1)];
  return builder.node('Gather', [table, indices], { type: table.type, shape: node.shape }, { axis: 0 });
};

export const scatterAdd: Lowering<{ size: number }> = (_, context) => {
  const { builder, node } = context;
  const zeros = builder.expand(builder.scalar('f32', 0), node.shape);
  return addRows(zeros, context.whole(0), context.whole(1), context);
};

/** table + Σ updates at the rows `indices` [...I]. */
export function addRows(table: Value, updates: Value, indices: Value, { builder }: LoweringContext): Value {
  const rows = [...indices.shape, 1];
  const wide = builder.cast(builder.reshape(indices, rows), 'i64');
  return builder.node(
    'ScatterND',
    [table, wide, updates],
    { type: table.type, shape: table.shape },
    { reduction: 'add' },
  );
}
