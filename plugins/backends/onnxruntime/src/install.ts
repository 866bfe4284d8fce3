import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError, type BackendInstaller } from '@tether/core';
import { cacheFolder, installWheel } from '@tether/wheels';
import { LIBRARY } from './native/library.ts';

/** The wheel must be of the version whose C interface is known here. */
const VERSION = '1.30.0';
const NAME = 'onnxruntime-cuda';
/** The runtime itself, and its bridge to CUDA. */
const NEEDED = [LIBRARY, /^libonnxruntime_providers_shared\.so$/, /^libonnxruntime_providers_cuda\.so$/];

const installRoot = (): string => cacheFolder('onnxruntime', process.env);

/** Folder of an installed build with CUDA, or undefined. */
export function installedCuda(root = installRoot()): string | undefined {
  const folder = join(root, NAME);
  return existsSync(folder) ? folder : undefined;
}

/** Leaves only the libraries that are needed, at the top of the folder: the wheel also holds Python's and TensorRT's. */
async function keepLibraries(fetched: string): Promise<number> {
  const inside = join(fetched, 'onnxruntime', 'capi');
  const files = existsSync(inside) ? readdirSync(inside) : [];
  const kept = NEEDED.map((pattern) => files.find((name) => pattern.test(name)));
  if (kept.includes(undefined)) {
    throw new BackendError('the wheel does not hold the libraries that are needed: its layout has changed');
  }
  const apart = `${fetched}-kept`;
  await mkdir(apart);
  for (const name of kept) await rename(join(inside, name!), join(apart, name!));
  for (const name of await readdir(fetched)) await rm(join(fetched, name), { recursive: true });
  for (const name of kept) await rename(join(apart, name!), join(fetched, name!));
  await rm(apart, { recursive: true });
  return kept.length;
}

export const installers: readonly BackendInstaller[] = [
  {
    name: NAME,
    description: `NVIDIA GPUs under Linux, with CUDA and cuDNN installed: ONNX Runtime ${VERSION}’s own build (250 MB)`,
    install: async ({ python, folder = installRoot() }) => {
      const { place, facts } = await installWheel({
        name: NAME,
        folder,
        package: `onnxruntime-gpu==${VERSION}`,
        withDependencies: false,
        python,
        verify: keepLibraries,
      });
      return `${facts} libraries in ${place}; use it with "backend: { name: onnxruntime, providers: [cuda] }"`;
    },
  },
];
