// `node tools/node24.js SCRIPT ARGS`: runs a script, and every program that it starts, on Node 24 or newer.
// Plain JavaScript, because the Node that starts it may be older.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode24 } from '../apps/cli/bin/node24.js';

const node = findNode24();
const tools = dirname(fileURLToPath(import.meta.url));
// Nx takes what begins with the workspace's node_modules off the PATH of package scripts, and npm 10 links no Node there.
// Hence `tools/../node_modules/…`.
const folder = `${tools}/${relative(tools, dirname(node))}`;
const { status, error } = spawnSync(node, process.argv.slice(2), {
  stdio: 'inherit',
  env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH ?? ''}` },
});
if (error) console.error(`Could not start ${node}: ${error.message}`);
process.exit(status ?? 1);
