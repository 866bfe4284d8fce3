import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BuildError, run } from './run.ts';

const NODE_API = 8; // the version that tfjs-node's sources are written for
const SOURCES = ['tfjs_backend.cc', 'tfjs_binding.cc'];

/** Headers of the running Node. */
function nodeHeaders(): string {
  const folder = join(dirname(process.execPath), '..', 'include', 'node');
  if (existsSync(join(folder, 'node_api.h'))) return folder;
  throw new BuildError(
    `Node's headers are not at ${folder}: run this with the workspace's Node ("npm run tfjs-native")`,
  );
}

/**
 * Compiles tfjs-node's binding against TensorFlow's libraries, unless `output` was made of the same ones before.
 *
 * @param packageFolder of @tensorflow/tfjs-node or @tensorflow/tfjs-node-gpu
 * @param tensorflow    folder with `include` and the libraries, where they will be looked for from now on
 * @returns whether there was something to do
 */
export function compileBinding(packageFolder: string, tensorflow: string, output: string): boolean {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const origin = JSON.stringify({ version, tensorflow, api: NODE_API });
  const note = `${output}.json`;
  if (existsSync(output) && existsSync(note) && readFileSync(note, 'utf8') === origin) return false;
  mkdirSync(dirname(output), { recursive: true });
  const partial = `${output}.partial`;
  const folders = [packageFolder, nodeHeaders(), join(tensorflow, 'include')].map((folder) => `-I${folder}`);
  const sources = SOURCES.map((name) => join(packageFolder, 'binding', name));
  const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map((name) => join(tensorflow, name));
  run(
    process.env['CXX'] ?? 'g++',
    [
      ...['-std=c++17', '-O2', '-fPIC', '-shared', `-DNAPI_VERSION=${NODE_API}`],
      ...folders,
      ...sources,
      ...libraries,
      `-Wl,-rpath,${tensorflow}`,
      ...['-o', partial],
    ],
    'a C++17 compiler is needed (Debian: "apt-get install g++"; another one by the environment variable CXX)',
  );
  renameSync(partial, output);
  writeFileSync(note, origin);
  return true;
}
