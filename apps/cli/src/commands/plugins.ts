import type { Plugin } from '@tether/core';
import type { Command } from 'commander';
import pc from 'picocolors';
import { z } from 'zod';
import { unavailability } from '../backends/engines.ts';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { regularizerOptionsSchema } from '../config/runSchema.ts';
import { printJson, printLine } from '../output/terminal.ts';
import { tetherVersion } from '../run/machine.ts';

export function addPlugins(program: Command): void {
  program
    .command('plugins')
    .summary('what is installed, with options and defaults')
    .description(
      'Lists objectives, regularizers and backends, with versions, options and defaults: those that come with Tether, or those that are named.',
    )
    .argument('[names...]', 'only these: names, npm packages or paths; default: all that come with Tether')
    .option('--json', 'print as JSON')
    .action(listPlugins);
}

interface Field {
  readonly name: string;
  readonly type: string;
  readonly default: unknown;
  readonly description: string;
}

interface Listed {
  readonly kind: Plugin['kind'];
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly fields: readonly Field[];
  /** For backends: why it cannot run here, or undefined. */
  readonly unavailable?: string;
}

async function listPlugins(names: readonly string[], { json }: { readonly json?: boolean }): Promise<void> {
  const registry = new PluginRegistry(process.cwd());
  const listed: Listed[] = [];
  for (const name of names.length > 0 ? names : registry.shippedNames)
    listed.push(await describePlugin(await registry.load(name), name));
  if (json === true) {
    printJson(listed);
    return;
  }
  for (const kind of ['objective', 'regularizer', 'backend'] as const) {
    const ofKind = listed.filter((candidate) => candidate.kind === kind);
    if (ofKind.length === 0) continue;
    printLine(pc.bold(`${kind}s`));
    for (const plugin of ofKind) printPlugin(plugin);
    if (kind === 'regularizer') {
      printLine(`  ${pc.dim('every regularizer also takes')}`);
      for (const field of fieldsOf(regularizerOptionsSchema)) printField(field);
    }
    printLine();
  }
}

async function describePlugin(plugin: Plugin, asked: string): Promise<Listed> {
  const { kind, name, description } = plugin;
  const reason = kind === 'backend' ? await unavailability(plugin) : undefined;
  return {
    kind,
    name: asked,
    description,
    version: asked === name ? `with tether ${tetherVersion()}` : 'package',
    fields: fieldsOf(plugin.config),
    ...(reason === undefined ? {} : { unavailable: reason }),
  };
}

/** JSON Schema, as far as it is used here. */
interface PropertySchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly PropertySchema[];
  readonly properties?: Readonly<Record<string, PropertySchema>>;
  readonly default?: unknown;
  readonly description?: string;
}

/** Options of a schema, nested ones as `outer.inner`. */
function fieldsOf(config: z.ZodType): Field[] {
  const schema = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }) as PropertySchema; // JSON Schema by its own contract
  const walk = ({ properties = {} }: PropertySchema, prefix: string): Field[] =>
    Object.entries(properties).flatMap(([name, property]) =>
      property.properties === undefined
        ? [
            {
              name: prefix + name,
              type: typeOf(property),
              default: property.default,
              description: property.description ?? '',
            },
          ]
        : walk(property, `${prefix}${name}.`),
    );
  return walk(schema, '');
}

const typeOf = ({ type, enum: values, anyOf }: PropertySchema): string =>
  values?.map(String).join(' | ') ?? type ?? anyOf?.map(typeOf).join(' | ') ?? 'any';

function printPlugin({ name, description, version, fields, unavailable }: Listed): void {
  printLine(`  ${pc.cyan(name)}  ${description} ${pc.dim(`(${version})`)}`);
  if (unavailable !== undefined) printLine(`    ${pc.yellow('not available here')}: ${unavailable}`);
  for (const field of fields) printField(field);
}

function printField({ name, type, default: fallback, description }: Field): void {
  const value = fallback === undefined ? '' : ` = ${JSON.stringify(fallback)}`;
  printLine(`    ${name}: ${type}${value}  ${pc.dim(description)}`);
}
