/** Run by `probeLibrary` in a process of its own: tries a plugin out and writes the result to the last line of its output. */
import { messageOf } from '@tether/core';
import { tryOut } from './tryOut.ts';

const [path] = process.argv.slice(2) as [string];
let result: object;
try {
  result = { facts: await tryOut(path) };
} catch (error) {
  result = { reason: messageOf(error) };
}
process.stdout.write(`\n${JSON.stringify(result)}\n`);
