import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { EngineUnavailable, kernelsOf, type Elements, type Engine, type Tfjs } from './engine.ts';

const require = createRequire(import.meta.url);

const PACKAGES = { wasm: '@tensorflow/tfjs-backend-wasm', cpu: '@tensorflow/tfjs-backend-cpu' } as const;

interface WasmModule {
  setWasmPaths(folder: string): void;
}

function load(name: string): unknown {
  try {
    return require(name);
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new EngineUnavailable(`${name} cannot be loaded: ${message}`, { cause: error });
  }
}

/**
 * Loads TensorFlow.js as the CommonJS modules that they are: all engines of a process share one registry of kernels.
 *
 * Production mode keeps TensorFlow.js from advising other engines on the console; which one runs is for the config.
 */
export function loadCore(): Tfjs {
  const tf = load('@tensorflow/tfjs-core') as Tfjs; // the package's own types
  tf.enableProdMode();
  return tf;
}

/** Makes `backend` the current one in the same turn: those that are initialized already need no waiting. */
export const activator = (tf: Tfjs, backend: string) => (): void => {
  if (tf.getBackend() !== backend) void tf.setBackend(backend);
};

/** WebAssembly has a memory of its own; what the plain engine is given, or gives, is what it computes on. */
function transfers(tf: Tfjs, name: 'wasm' | 'cpu'): Pick<Engine, 'upload' | 'download'> {
  const detached = (data: Elements): Elements => (name === 'cpu' ? data.slice() : data);
  return {
    upload: (data, shape, dtype) => tf.engine().makeTensor(detached(data), [...shape], dtype),
    download: (value) => detached(value.dataSync()),
  };
}

/** @throws EngineUnavailable */
export async function loadPortable(name: 'wasm' | 'cpu'): Promise<Engine> {
  const tf = loadCore();
  if (!(name in tf.engine().registryFactory)) {
    const module = load(PACKAGES[name]);
    if (name === 'wasm') {
      (module as WasmModule).setWasmPaths(`${dirname(require.resolve(PACKAGES.wasm))}/`);
    }
  }
  if (!(await tf.setBackend(name))) {
    throw new EngineUnavailable(`${PACKAGES[name]} ${tf.version_core} does not start on Node ${process.versions.node}`);
  }
  const what = name === 'wasm' ? 'WebAssembly' : 'plain JavaScript';
  return {
    name,
    tf,
    kernel: kernelsOf(tf),
    ...transfers(tf, name),
    description: `tfjs ${tf.version_core}, ${name} (${what}), 1 thread`,
    activate: activator(tf, name),
  };
}
