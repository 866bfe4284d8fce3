/**
 * Builds the native binding of TensorFlow.js for Node from its own two sources, against the libraries in TensorFlow's
 * Python wheel: for machines that the package's install script does not serve.
 *
 * npm run tfjs-native -- [--python python3] [--gpu] [--package FOLDER] [--out FILE]
 *
 *   --python   a Python with pip, which fetches the wheel
 *   --gpu      @tensorflow/tfjs-node-gpu and the wheel with CUDA; CUDA's own libraries have to be on the machine
 *   --package  an installed @tensorflow/tfjs-node to build for; without it, one is installed in the cache folder, where
 *              the plugin looks for it
 *   --out      another place for the binding than where the package looks for it
 */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { NATIVE_PACKAGES, nativeModulesFolder, plugin } from '@tether/backend-tfjs';
import { compileBinding } from './compile.ts';
import { BuildError, run } from './run.ts';
import { fetchTensorflow } from './tensorflow.ts';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    gpu: { type: 'boolean', default: false },
    package: { type: 'string' },
    out: { type: 'string' },
  },
});

/** Installs the package in a folder of its own, by the lock file beside this script and without install scripts. */
function installPackage(name: string, folder: string): string {
  const installed = join(folder, 'node_modules', name);
  if (existsSync(installed)) return installed;
  mkdirSync(folder, { recursive: true });
  cpSync(join(import.meta.dirname, 'install'), folder, { recursive: true });
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], 'the npm registry has to be within reach', folder);
  return installed;
}

/** Multiplies two matrices on the engine, in this process. */
async function tryEngine(engine: 'node' | 'node-gpu', packageFolder: string): Promise<string> {
  const modules = resolve(packageFolder, '..', '..', '..');
  const config = plugin.config.parse({ engine, modules });
  const availability = await plugin.availability(config);
  if (!availability.available) throw new BuildError(`it is built, but does not work here: ${availability.reason}`);
  return (await plugin.create(config)).description;
}

async function build(): Promise<void> {
  const engine = options.gpu ? 'node-gpu' : 'node';
  const cache = nativeModulesFolder();
  const packageFolder = resolve(options.package ?? installPackage(NATIVE_PACKAGES[engine], cache));
  const tensorflow = fetchTensorflow(options.gpu ? 'tensorflow' : 'tensorflow-cpu', cache, options.python);
  const output = resolve(options.out ?? join(packageFolder, 'lib', 'napi-v8', 'tfjs_binding.node'));
  const isNew = compileBinding(packageFolder, tensorflow, output);
  console.log(`${isNew ? 'Built' : 'Up to date:'} ${output}`);
  if (options.out === undefined) console.log(`Works: ${await tryEngine(engine, packageFolder)}`);
}

try {
  await build();
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`The native binding of TensorFlow.js: ${error.message}`);
  process.exitCode = 1;
}
