import type { DeviceKind } from '../config.ts';

/** A set of Python packages that holds a plugin library, as `tether backends install <name>` knows it. */
export interface Target {
  readonly name: string;
  readonly device: DeviceKind;
  /** What pip is asked for. */
  readonly package: string;
  /** Whether what the package asks for is installed too: NVIDIA's libraries come that way. */
  readonly withDependencies: boolean;
  /** For whom it is. */
  readonly description: string;
}

export const TARGETS = [
  {
    name: 'xla-cpu',
    device: 'cpu',
    package: 'xla-cpu-pjrt',
    withDependencies: false,
    description: 'x86-64 processors under Linux',
  },
  {
    name: 'xla-cuda13',
    device: 'cuda',
    package: 'jax-cuda13-plugin[with-cuda]',
    withDependencies: true,
    description: 'NVIDIA GPUs with a driver for CUDA 13',
  },
  {
    name: 'xla-cuda12',
    device: 'cuda',
    package: 'jax-cuda12-plugin[with-cuda]',
    withDependencies: true,
    description: 'NVIDIA GPUs with a driver for CUDA 12',
  },
  {
    name: 'xla-rocm',
    device: 'rocm',
    package: 'jax-rocm7-pjrt',
    withDependencies: false,
    description: 'AMD GPUs with ROCm 7 installed',
  },
  {
    name: 'xla-oneapi',
    device: 'oneapi',
    package: 'intel-extension-for-openxla',
    withDependencies: false,
    description: 'Intel GPUs with the oneAPI runtime installed',
  },
  { name: 'xla-tpu', device: 'tpu', package: 'libtpu', withDependencies: false, description: 'Google TPU machines' },
] as const satisfies readonly Target[];

export type TargetName = (typeof TARGETS)[number]['name'];

/** Where the packages put their library, below a folder of Python packages; `*` is any one folder. */
export const LIBRARY_PATHS: Readonly<Record<DeviceKind, readonly string[]>> = {
  cpu: ['xla_plugins/*/xla_cpu_pjrt.so'],
  cuda: ['jax_plugins/*/xla_cuda_plugin.so'],
  rocm: ['jax_plugins/*/xla_rocm_plugin.so'],
  oneapi: ['jax_plugins/*/pjrt_plugin_xpu.so', 'intel_extension_for_openxla/*/pjrt_plugin_xpu.so'],
  tpu: ['libtpu/libtpu.so'],
};

/** What a plugin calls its platform. */
export const PLATFORMS: Readonly<Record<DeviceKind, readonly string[]>> = {
  cpu: ['cpu', 'host'],
  cuda: ['cuda', 'gpu'],
  rocm: ['rocm', 'gpu'],
  oneapi: ['sycl', 'xpu', 'oneapi', 'gpu'],
  tpu: ['tpu'],
};

/** How a library for this kind of device is got. */
export const howToGet = (device: DeviceKind): string =>
  TARGETS.filter((target) => target.device === device)
    .map(({ name, description }) => `"tether backends install ${name}" (${description})`)
    .join(' or ');
