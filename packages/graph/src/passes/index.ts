import type { Graph } from '../graph.ts';
import { mergeCommonSubexpressions } from './commonSubexpressions.ts';
import { decompose } from './decompose.ts';
import { simplify } from './simplify.ts';

export { decompose, mergeCommonSubexpressions, simplify };
export { rewriteGraph, type Rewrite } from './rewrite.ts';

/**
 * What a backend gets: only primitives and the composites it names, each value computed once. Dead code is gone
 * since tracing.
 */
export function optimize(graph: Graph, nativeComposites: readonly string[] = []): Graph {
  const open = decompose(graph, new Set(nativeComposites));
  return mergeCommonSubexpressions(simplify(mergeCommonSubexpressions(simplify(open))));
}
