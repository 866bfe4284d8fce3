import { messageOf, type Availability } from '@tether/core';
import { createBackend, libraryFolder } from './backend.ts';
import type { OnnxRuntimeConfig } from './config.ts';
import { loadRuntime } from './native/library.ts';

/** Loads the native library and opens the providers, and tells what to do where that fails. */
export async function availability(config: OnnxRuntimeConfig): Promise<Availability> {
  try {
    await loadRuntime(libraryFolder(config));
  } catch (error) {
    return {
      available: false,
      reason: `ONNX Runtime's native library cannot be loaded: ${messageOf(error)}. Install it with "npm install onnxruntime-node@1.30.0 koffi" (set onnxruntime-node-install=skip: only the package's own library is needed)`,
    };
  }
  try {
    await (await createBackend(config)).dispose();
    return { available: true };
  } catch (error) {
    return { available: false, reason: messageOf(error) };
  }
}
