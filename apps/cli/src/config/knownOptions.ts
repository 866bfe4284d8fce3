import { z } from 'zod';
import { nearest } from './nearest.ts';

/** JSON Schema, as far as it is used here. */
interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

const rootOf = (schema: z.ZodType): SchemaNode =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode; // JSON Schema by its own contract

const branchesOf = (node: SchemaNode): readonly SchemaNode[] => node.anyOf?.flatMap(branchesOf) ?? [node];

const childrenOf = (node: SchemaNode, key: PropertyKey): SchemaNode[] =>
  branchesOf(node).flatMap(({ properties, items }) =>
    [properties?.[String(key)], typeof key === 'number' ? items : undefined].filter((child) => child !== undefined),
  );

/** Names of the options that a schema has at `path`. */
export function optionNames(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const nodes = path.reduce<SchemaNode[]>((at, key) => at.flatMap((node) => childrenOf(node, key)), [rootOf(schema)]);
  return nodes.flatMap(branchesOf).flatMap(({ properties = {} }) => Object.keys(properties));
}

/** Paths of every option with exactly this name; list items are left out. */
function pathsOf(node: SchemaNode, name: string, prefix = ''): string[] {
  return branchesOf(node).flatMap(({ properties = {} }) => [
    ...(properties[name] === undefined ? [] : [prefix + name]),
    ...Object.entries(properties).flatMap(([key, child]) => pathsOf(child, name, `${prefix}${key}.`)),
  ]);
}

const outermost = (paths: readonly string[]): string | undefined =>
  paths.toSorted((a, b) => a.split('.').length - b.split('.').length)[0];

/** What someone who wrote the unknown option `name` at `path` may have meant: a name that is near, or another place. */
export function suggestOption(
  schema: z.ZodType,
  path: readonly PropertyKey[],
  name: string,
  alsoKnown: readonly string[] = [],
): string | undefined {
  return nearest(name, [...optionNames(schema, path), ...alsoKnown]) ?? outermost(pathsOf(rootOf(schema), name));
}
