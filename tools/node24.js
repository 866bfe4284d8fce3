// `node tools/node24.js SCRIPT ARGS`: runs a script, and every program that it starts, on Node 24 or newer.
// Plain JavaScript, because the Node that starts it may be older.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { findNode24 } from '../apps/cli/bin/node24.js';

const node = findNode24();
const { status, error } = spawnSync(node, process.argv.slice(2), {
  stdio: 'inherit',
  env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
});
if (error) console.error(`Could not start ${node}: ${error.message}`);
process.exit(status ?? 1);
