import type { DeviceProvider } from '../config.ts';
import type { Handle, OrtApi } from '../native/api.ts';

type Append = (api: OrtApi, options: Handle) => void;

/** Providers that the runtime knows by a name and options. */
const named =
  (name: string, options: Readonly<Record<string, string>> = {}): Append =>
  (api, session) => {
    const keys = api.strings(Object.keys(options));
    const values = api.strings(Object.values(options));
    const count = keys.pointers.length;
    api.call('SessionOptionsAppendExecutionProvider', session, name, keys.pointers, values.pointers, count);
  };

/** Float32 products in float32: TensorFloat-32 keeps 10 of 23 bits, too few for the tolerances. */
const CUDA_OPTIONS: Readonly<Record<string, string>> = { use_tf32: '0' };

const appendCuda: Append = (api, session) => {
  const options = api.create('CreateCUDAProviderOptions');
  try {
    const keys = api.strings(Object.keys(CUDA_OPTIONS));
    const values = api.strings(Object.values(CUDA_OPTIONS));
    api.call('UpdateCUDAProviderOptions', options, keys.pointers, values.pointers, keys.pointers.length);
    api.call('SessionOptionsAppendExecutionProvider_CUDA_V2', session, options);
  } finally {
    api.release('ReleaseCUDAProviderOptions', options);
  }
};

const APPEND: Readonly<Record<DeviceProvider, Append>> = {
  webgpu: named('WebGPU'),
  cuda: appendCuda,
  dml: named('DML'),
  coreml: named('CoreML', { ModelFormat: 'MLProgram' }),
};

/**
 * Adds a provider to a session's options.
 *
 * @throws BackendError with the runtime's message where the library lacks it or its device cannot be opened
 */
export const appendProvider = (api: OrtApi, options: Handle, provider: DeviceProvider): void =>
  APPEND[provider](api, options);
