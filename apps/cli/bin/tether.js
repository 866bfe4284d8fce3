#!/usr/bin/env node
// Plain JavaScript: this file has to run on Node 20. It starts the command on a Node that is new enough.
import { spawn } from 'node:child_process';
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { findNode24, runsOnNode24 } from './node24.js';

/** Node strips types everywhere except under node_modules: there the published JavaScript runs. */
const published = import.meta.url.includes('/node_modules/');

if (runsOnNode24) await start();
else restart();

async function start() {
  // A launcher that was killed takes the command with it (see restart).
  process.channel?.unref();
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  module.enableCompileCache();
  if (!published) {
    // The same as `node --conditions=@tether/source`: workspace packages resolve to their sources.
    module.registerHooks({
      resolve: (specifier, context, next) =>
        next(specifier, { ...context, conditions: [...context.conditions, '@tether/source'] }),
    });
  }
  await import(published ? '../dist/main.js' : '../src/main.ts');
}

function restart() {
  let node;
  try {
    node = findNode24();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
  const child = spawn(node, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  // A terminal's Ctrl-C reaches the command itself, a `kill` only the launcher: the message makes both the same.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.connected && child.send('interrupt'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  child.on('error', (error) => {
    console.error(`Could not start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code ?? 1);
  });
}
