import { defineBackend } from '@tether/core';
import { createBackend } from './backend.ts';
import { configSchema, DEVICES, type XlaConfig } from './config.ts';
import { availability } from './connect.ts';
import { TARGETS } from './find/targets.ts';
import { installXla } from './install.ts';

export { createBackend, type XlaBackend } from './backend.ts';
export { configSchema, DEVICES, type DeviceKind, type XlaConfig } from './config.ts';
export { describeXla, type DescribeOptions, type DeviceReport } from './describe.ts';
export type { XlaExecutable } from './executable.ts';
export { TARGETS, type Target, type TargetName } from './find/targets.ts';
export { installXla, isTargetName, type Installed, type InstallOptions } from './install.ts';

/** Runs graphs as StableHLO programs through a PJRT plugin. The native library is loaded when a backend is made. */
export const plugin = defineBackend<XlaConfig>({
  name: 'xla',
  description: 'XLA through the PJRT interface: CPU, CUDA, ROCm, oneAPI, TPU; one or several devices',
  config: configSchema,
  engines: DEVICES.map((device) => ({ name: device, options: { device } })),
  installers: TARGETS.map(({ name, description }) => ({
    name,
    description,
    install: async (options) => {
      const { library, facts } = await installXla(name, options);
      return `${library}: PJRT ${facts.api}, ${facts.platform}, ${facts.devices.length} devices`;
    },
  })),
  availability,
  create: (config) => createBackend(config),
});
export default plugin;
