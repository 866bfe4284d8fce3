import type { Availability } from '@tether/core';
import type { OnnxRuntimeConfig } from './config.ts';
import { loadRuntime } from './native/library.ts';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Providers that this version can run on. */
const SUPPORTED: ReadonlySet<string> = new Set(['cpu']);

/** Loads the native library, and tells what to do where that fails. */
export async function availability({ providers }: OnnxRuntimeConfig): Promise<Availability> {
  const other = providers.filter((provider) => !SUPPORTED.has(provider));
  if (other.length > 0) {
    return { available: false, reason: `provider ${other.join(', ')} is not supported yet: use "providers: [cpu]"` };
  }
  try {
    await loadRuntime();
    return { available: true };
  } catch (error) {
    return {
      available: false,
      reason: `ONNX Runtime's native library cannot be loaded: ${messageOf(error)}. Install it with "npm install onnxruntime-node@1.30.0 koffi" (set onnxruntime-node-install=skip: only the package's own library is needed)`,
    };
  }
}
