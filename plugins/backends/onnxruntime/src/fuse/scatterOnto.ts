import { sameShape, type Tensor } from '@tether/graph';
import { addRows } from '../lower/indexing.ts';
import { isOnlyUse, type Fused, type FusionRule } from './rule.ts';

/** Sign with which the rows, and the table they are added to, enter the sum. */
interface Signs {
  readonly rows: 1 | -1;
  readonly table: 1 | -1;
}

function onto(table: Tensor, scatter: Tensor, signs: Signs): Fused {
  const [updates, indices] = scatter.inputs as readonly [Tensor, Tensor];
  return {
    inputs: [table, updates, indices],
    lower: ({ builder, whole }) => {
      const signed = (index: number, sign: 1 | -1) =>
        sign === 1 ? whole(index) : builder.elementwise('Neg', [whole(index)]);
      return addRows(builder, signed(0, signs.table), signed(1, signs.rows), whole(2));
    },
  };
}

/** x ± scatterAdd(…) and scatterAdd(…) − x: adds the rows to x itself instead of to a table of zeros that is added to x. */
export const scatterOnto: FusionRule = (node, usage) => {
  const { name } = node.operation;
  const [a, b] = node.inputs as readonly [Tensor, Tensor];
  if ((name !== 'add' && name !== 'sub') || !sameShape(a.shape, b.shape)) return undefined;
  if (isOnlyUse(b, 'scatterAdd', usage)) return onto(a, b, { table: 1, rows: name === 'add' ? 1 : -1 });
  if (isOnlyUse(a, 'scatterAdd', usage)) return onto(b, a, { table: name === 'add' ? 1 : -1, rows: 1 });
  return undefined;
};
