import type { Graph } from '../graph.ts';
import type { AttributeValue } from '../operation.ts';
import { withInputs, type Tensor } from '../tensor.ts';
import { rewriteGraph } from './rewrite.ts';

const MOST_NUMBERS_IN_KEY = 64;

/** Tells 0 from −0, whose reciprocals differ. */
const textOf = (value: number | string | boolean): string => (Object.is(value, -0) ? '-0' : String(value));

/** Gives texts equal for equal attributes; long arrays count as equal only where they are the same object. */
function attributeKeys(): (value: AttributeValue) => string {
  const identities = new Map<object, number>();
  return (value) => {
    if (typeof value !== 'object' && typeof value !== 'function') return `${typeof value}:${textOf(value)}`;
    if (typeof value === 'object' && value.length <= MOST_NUMBERS_IN_KEY) return Array.from(value, textOf).join(',');
    const identity = identities.get(value) ?? identities.size;
    identities.set(value, identity);
    return `#${identity}`;
  };
}

/** Merges operations that compute the same value. Barriers are never merged: that is their purpose. */
export function mergeCommonSubexpressions(graph: Graph): Graph {
  const known = new Map<string, Tensor>();
  const keyOf = attributeKeys();
  return rewriteGraph(graph, (node, inputs) => {
    if (node.operation.name === 'barrier') return undefined;
    const attributes = Object.entries(node.attributes).map(([name, value]) => `${name}=${keyOf(value)}`);
    const key = [node.operation.name, ...inputs.map((tensor) => tensor.id), ...attributes].join(' ');
    const merged = known.get(key) ?? withInputs(node, inputs);
    known.set(key, merged);
    return merged;
  });
}
