import type { Command } from 'commander';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../program.ts';
import { ROOT } from './workspace.ts';

/** What people copy from the documents: lines of shell blocks that call `tether`, and the examples' own comments. */
const documents = globSync(['README.md', 'CONTRIBUTING.md', 'docs/**/*.md', '{packages,plugins}/**/README.md'], {
  cwd: ROOT,
  exclude: ['**/node_modules/**'],
}).sort();
const examples = globSync('examples/*.yaml', { cwd: ROOT }).sort();

/** Words of a shell line without its comment; quotes hold words together. */
function words(line: string): string[] {
  const found = line.matchAll(/(?:'([^']*)'|"([^"]*)"|([^\s'"]))+|\s+/g);
  const all: string[] = [];
  for (const [word] of found) {
    if (word.startsWith('#')) break;
    if (word.trim() !== '') all.push(word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
  }
  return all;
}

/** Arguments of every `tether …` among shell lines. */
const callsIn = (lines: readonly string[]): string[][] =>
  lines
    .flatMap((line) => line.split('&&'))
    .map(words)
    .map((call) => (call[0] === 'npx' ? call.slice(1) : call))
    .filter(([command]) => command === 'tether')
    .map((call) => call.slice(1));

const shellLines = (text: string): string[] =>
  [...text.matchAll(/^```(?:sh|bash|shell)\n(.*?)^```/gms)].flatMap(([, block]) =>
    block!.replaceAll('\\\n', ' ').split('\n'),
  );

const commentLines = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('#'))
    .map((line) => line.replace(/^#\s*/, ''));

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const calls = [
  ...documents.flatMap((file) => callsIn(shellLines(read(file))).map((args) => ({ file, args }))),
  ...examples.flatMap((file) => callsIn(commentLines(read(file))).map((args) => ({ file, args }))),
].map((call) => ({ ...call, text: call.args.join(' ') }));

/** The program with actions that do nothing, those of commands with subcommands too, and errors that are thrown. */
function inert(): Command {
  const disarm = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
    if (command.parent !== null) command.action(() => undefined);
    command.commands.forEach(disarm);
  };
  const program = createProgram();
  disarm(program);
  return program;
}

describe('what the documents tell to type', () => {
  test('is found', () => {
    expect(calls.filter(({ file }) => file === 'README.md').length).toBeGreaterThan(3);
    expect(words(`tether a --b "c d" 'e f'=g # h`)).toEqual(['tether', 'a', '--b', 'c d', 'e f=g']);
  });

  test.each(calls)('$file: tether $text', async ({ args }) => {
    await expect(inert().parseAsync(args, { from: 'user' })).resolves.toBeDefined();
  });

  test('is checked: a command or an option that there is not fails', async () => {
    await expect(inert().parseAsync(['trian', 'x.yaml'], { from: 'user' })).rejects.toThrow('unknown command');
    await expect(inert().parseAsync(['train', 'x.yaml', '--sed', '1'], { from: 'user' })).rejects.toThrow(
      'unknown option',
    );
    await expect(inert().parseAsync(['data', 'chek'], { from: 'user' })).rejects.toThrow("for 'data'");
    await expect(inert().parseAsync(['train'], { from: 'user' })).rejects.toThrow('missing required argument');
  });
});
