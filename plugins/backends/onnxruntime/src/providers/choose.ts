import { BackendError, messageOf } from '@tether/core';
import type { DeviceProvider, OnnxRuntimeConfig } from '../config.ts';
import { DeviceMemory } from '../memory/device.ts';
import { HostMemory } from '../memory/host.ts';
import type { TensorMemory } from '../memory/memory.ts';
import type { Runtime } from '../native/library.ts';
import type { SessionSettings } from '../settings.ts';

export interface PassedOver {
  readonly provider: DeviceProvider;
  readonly reason: string;
}

export interface Choice {
  /** Providers that sessions can be made on, besides the CPU. */
  readonly providers: readonly DeviceProvider[];
  readonly passedOver: readonly PassedOver[];
  /** Where tensors live: on the device of the first provider. */
  readonly memory: TensorMemory;
}

/** Whether a kernel may write where it reads. WebGPU forbids it; of what cannot be tried here it is not assumed. */
const WRITES_IN_PLACE: Readonly<Record<DeviceProvider, boolean>> = {
  webgpu: false,
  cuda: true,
  dml: false,
  coreml: false,
};

/** How to get what is missing. */
const HINTS: Readonly<Record<DeviceProvider, string>> = {
  webgpu: 'it needs a graphics driver that Dawn can open (on Linux Vulkan: libvulkan.so.1 and a driver’s ICD)',
  cuda: 'it needs an NVIDIA GPU, CUDA and cuDNN, and the provider’s library: "tether backends install onnxruntime-cuda"',
  dml: 'it is in the package’s library for Windows only',
  coreml: 'it is in the package’s library for macOS only',
};

/** What the runtime writes before its messages: a place in its own sources, and a code. */
const PLACE = /^.*\[ONNXRuntimeError\] : \d+ : \w+ : |^\S*\/onnxruntime\/core\/\S+ .*? was false\. /;

const firstLine = (error: unknown): string => messageOf(error).trim().split('\n')[0]!.replace(PLACE, '');

/**
 * Opens each provider in turn.
 *
 * @throws BackendError with every reason when none can be had and `cpu` is not listed
 */
export async function chooseProviders(
  runtime: Runtime,
  { providers: asked }: Pick<OnnxRuntimeConfig, 'providers'>,
  settings: (providers: readonly DeviceProvider[]) => SessionSettings,
): Promise<Choice> {
  const providers: DeviceProvider[] = [];
  const passedOver: PassedOver[] = [];
  let memory: TensorMemory | undefined;
  for (const provider of new Set(asked)) {
    if (provider === 'cpu') break; // it takes everything: what is listed after it would get nothing
    try {
      const opened = await DeviceMemory.open(runtime, settings([provider]), {
        allowsInPlace: WRITES_IN_PLACE[provider],
      });
      if (memory === undefined) memory = opened;
      else await opened.dispose();
      providers.push(provider);
    } catch (error) {
      passedOver.push({ provider, reason: `${firstLine(error)}; ${HINTS[provider]}` });
    }
  }
  if (providers.length === 0 && !asked.includes('cpu')) {
    const reasons = passedOver.map(({ provider, reason }) => `\n  - ${provider}: ${reason}`).join('');
    throw new BackendError(`no execution provider of "providers: [${asked.join(', ')}]" can be had:${reasons}`);
  }
  return { providers, passedOver, memory: memory ?? new HostMemory(runtime) };
}
