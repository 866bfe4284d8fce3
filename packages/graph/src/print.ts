import type { Graph } from './graph.ts';
import type { AttributeValue } from './operation.ts';
import type { Tensor } from './tensor.ts';
import { formatType } from './types.ts';

const MOST_NUMBERS = 8;

export function formatAttribute(value: AttributeValue): string {
  if (typeof value === 'function') return 'function';
  if (typeof value !== 'object') return String(value);
  const shown = Array.from({ length: Math.min(value.length, MOST_NUMBERS) }, (_, index) => String(value[index]));
  if (value.length > MOST_NUMBERS) shown.push(`… ${value.length} values`);
  return `[${shown.join(', ')}]`;
}

/** Attributes that the type already tells. */
const IN_TYPE: ReadonlySet<string> = new Set(['shape', 'dtype']);

function formatNode(node: Tensor, nameOf: (tensor: Tensor) => string): string {
  const attributes = Object.entries(node.attributes)
    .filter(([key]) => !IN_TYPE.has(key))
    .map(([key, value]) => ` ${key}=${formatAttribute(value)}`)
    .join('');
  const place = node.scope === '' ? '' : `  # ${node.scope}`;
  return `  ${nameOf(node)}: ${formatType(node)} = ${node.operation.name}(${node.inputs.map(nameOf).join(', ')})${attributes}${place}`;
}

/** The graph as text, one line an operation, values numbered in order: the same graph prints the same text. */
export function printGraph(graph: Graph): string {
  const names = new Map<number, string>();
  for (const [name, tensor] of graph.inputs) names.set(tensor.id, `@${name}`);
  graph.nodes.forEach((node, index) => names.set(node.id, `%${index}`));
  const nameOf = (tensor: Tensor): string => names.get(tensor.id) ?? `<undefined ${tensor.operation.name}>`;
  return [
    'graph {',
    ...[...graph.inputs].map(([name, tensor]) => `  @${name}: ${formatType(tensor)}`),
    ...graph.nodes.map((node) => formatNode(node, nameOf)),
    ...[...graph.outputs].map(([name, tensor]) => `  return ${name} = ${nameOf(tensor)}`),
    '}',
    '',
  ].join('\n');
}
