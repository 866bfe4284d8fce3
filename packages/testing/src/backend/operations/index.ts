import type { TestedOperation } from '../tolerances.ts';
import type { OperationCases } from './cases.ts';
import { contractionCases } from './contraction.ts';
import { elementwiseCases } from './elementwise.ts';
import { layoutCases } from './layout.ts';
import { neuralCases } from './neural.ts';
import { sourceCases } from './source.ts';

export type { ElementKind, OperationCases } from './cases.ts';

/** How each operation is tested. An operation without an entry is a compile error. */
export const OPERATION_CASES: Readonly<Record<TestedOperation, OperationCases>> = {
  ...sourceCases,
  ...elementwiseCases,
  ...layoutCases,
  ...contractionCases,
  ...neuralCases,
};
