import { BackendError } from '@tether/core';
import { tracePrefix } from './profile.ts';
import { appendProvider } from './providers/append.ts';
import { OPTIMIZATION_LEVEL, type SessionSettings } from './settings.ts';
import type { Handle, OrtApi } from './native/api.ts';
import type { Runtime } from './native/library.ts';

/** A loaded model. */
export interface Session {
  /** Runs once over tensors in the order of the model's inputs and outputs. */
  run(inputs: readonly Handle[], outputs: readonly Handle[]): Promise<void>;
  /** @throws BackendError after the session was disposed of */
  handle(): Handle;
  /** Describes the memory that the first input is taken from without a copy; it lives as long as the session. */
  inputMemory(): Handle;
  dispose(): void;
}

function configure(api: OrtApi, options: Handle, settings: SessionSettings, label: string): void {
  api.call('SetIntraOpNumThreads', options, settings.threads);
  api.call('SetSessionGraphOptimizationLevel', options, OPTIMIZATION_LEVEL[settings.optimization]);
  api.call(settings.memoryPattern ? 'EnableMemPattern' : 'DisableMemPattern', options);
  api.call(settings.arena ? 'EnableCpuMemArena' : 'DisableCpuMemArena', options);
  for (const [key, value] of Object.entries(settings.entries)) api.call('AddSessionConfigEntry', options, key, value);
  for (const provider of settings.providers) appendProvider(api, options, provider);
  if (settings.profile !== undefined) api.call('EnableProfiling', options, tracePrefix(settings.profile, label));
}

export async function createSession(
  { api, environment }: Runtime,
  model: Uint8Array,
  inputNames: readonly string[],
  outputNames: readonly string[],
  settings: SessionSettings,
  label = 'graph',
): Promise<Session> {
  const options = api.create('CreateSessionOptions');
  let session: Handle | undefined;
  try {
    configure(api, options, settings, label);
    session = await api.createAsync('CreateSessionFromArray', environment, model, model.byteLength, options);
  } finally {
    api.release('ReleaseSessionOptions', options);
  }
  const inputTable = api.strings(inputNames);
  const outputTable = api.strings(outputNames);
  const live = (): Handle => {
    if (session === undefined) throw new BackendError('the session was disposed of');
    return session;
  };
  return {
    run: (inputs, outputs) =>
      api.run(
        live(),
        null,
        inputTable.pointers,
        BigUint64Array.from(inputs),
        inputs.length,
        outputTable.pointers,
        outputs.length,
        BigUint64Array.from(outputs),
      ),
    handle: live,
    inputMemory: () => {
      const memories = new BigUint64Array(inputNames.length);
      api.call('SessionGetMemoryInfoForInputs', live(), memories, memories.length);
      return memories[0]!;
    },
    dispose: () => {
      if (session !== undefined) api.release('ReleaseSession', session);
      session = undefined;
    },
  };
}
