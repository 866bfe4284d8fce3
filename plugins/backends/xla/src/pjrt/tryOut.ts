import { BackendError, messageOf } from '@tether/core';
import { compileOptions } from '../options.ts';
import { formatVersion } from './api.ts';
import { PjrtClient } from './client.ts';
import { openLibrary } from './library.ts';

/** What a plugin is, once it has shown that it works. */
export interface PluginFacts {
  /** Of the interface, for example `0.81`. */
  readonly api: string;
  readonly platform: string;
  readonly platformVersion: string;
  /** Kind of each device. */
  readonly devices: readonly string[];
}

const ONE_PLUS_ONE = `module @try {
func.func public @main(%arg0: tensor<f32>) -> tensor<f32> {
%0 = stablehlo.add %arg0, %arg0 : tensor<f32>
return %0 : tensor<f32>
}
}
`;

/** Loads a plugin, connects to its devices and adds 1 + 1 on the first one. */
export async function tryOut(path: string): Promise<PluginFacts> {
  const api = await openLibrary(path);
  const client = await PjrtClient.create(api).catch((error: unknown) => {
    throw new BackendError(
      `this plugin (PJRT ${formatVersion(api.version)}) finds no device that it can use: ${messageOf(error)}`,
    );
  });
  try {
    if (client.devices.length === 0) throw new BackendError('the plugin has no device');
    const program = await client.compile(ONE_PLUS_ONE, compileOptions(1, {}));
    const one = await client.upload(Float32Array.of(1), 'f32', [], 0);
    const [[two]] = (await program.execute([[one]], 1, [])) as [[bigint]];
    const sum = new Float32Array(1);
    await client.download(two, sum);
    client.destroyBuffer(one);
    client.destroyBuffer(two);
    program.destroy();
    if (sum[0] !== 2) throw new BackendError(`on this device 1 + 1 is ${sum[0]}`);
    const { platform, platformVersion, devices } = client;
    return { api: formatVersion(api.version), platform, platformVersion, devices: devices.map(({ kind }) => kind) };
  } finally {
    client.destroy();
  }
}
