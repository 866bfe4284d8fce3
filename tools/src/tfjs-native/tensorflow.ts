import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError, run } from './run.ts';

export const TENSORFLOW_VERSION = '2.21.0';

/** The wheel with TensorFlow's libraries and headers. No Python code of it runs, so any wheel of the platform serves. */
export type Wheel = 'tensorflow-cpu' | 'tensorflow';

/** pip's checksum of the wheel that was tried; others are taken as the index offers them. */
const CHECKSUMS: Readonly<Partial<Record<Wheel, string>>> = {
  'tensorflow-cpu': 'sha256:2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
};

/** Unpacks the libraries and the headers of the C interface: a third of the wheel. */
const UNPACK = `
import sys, zipfile
wheel, folder = sys.argv[1:]
headers = ('tensorflow/c/', 'tensorflow/core/platform/ctstring', 'tsl/platform/ctstring', 'xla/tsl/c/')
wanted = tuple('tensorflow/include/' + header for header in headers) + ('tensorflow/libtensorflow_',)
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(folder, [name for name in archive.namelist() if name.startswith(wanted)])
`;

function checkPlatform(): void {
  if (process.platform === 'linux' && process.arch === 'x64') return;
  throw new BuildError(
    `the binding is built on Linux x64 only, and this is ${process.platform} ${process.arch}: install @tensorflow/tfjs-node with its own script instead`,
  );
}

/** Libraries and headers of TensorFlow. Downloads some 270 MB (the GPU's wheel: 600 MB) unless they are there. */
export function fetchTensorflow(wheel: Wheel, cache: string, python: string): string {
  const folder = join(cache, `${wheel}-${TENSORFLOW_VERSION}`);
  const tensorflow = join(folder, 'tensorflow');
  if (existsSync(tensorflow)) return tensorflow;
  checkPlatform();
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  download(wheel, partial, python);
  const [file] = readdirSync(partial).filter((name) => name.endsWith('.whl'));
  run(python, ['-c', UNPACK, join(partial, file!), partial], 'the wheel cannot be unpacked');
  rmSync(join(partial, file!));
  renameSync(partial, folder); // whole or not there
  return tensorflow;
}

function download(wheel: Wheel, folder: string, python: string): void {
  const target = '--only-binary=:all: --implementation=cp --python-version=3.11 --abi=cp311'.split(' ');
  const platform = '--platform=manylinux_2_27_x86_64';
  run(
    python,
    ['-m', 'pip', 'download', '--quiet', '--no-deps', ...target, platform, `--dest=${folder}`, requirement(wheel)],
    `${wheel} ${TENSORFLOW_VERSION} comes as a wheel through pip; name a Python that has pip with --python`,
  );
  const checksum = CHECKSUMS[wheel];
  if (checksum === undefined) return;
  const [file] = readdirSync(folder);
  const found = run(python, ['-m', 'pip', 'hash', join(folder, file!)], 'the wheel cannot be read');
  if (!found.includes(checksum)) throw new BuildError(`${file} is not the wheel that was tried: ${found.trim()}`);
}

const requirement = (wheel: Wheel): string => `${wheel}==${TENSORFLOW_VERSION}`;
