import { messageOf } from '@tether/core';
import type { Environment } from '@tether/wheels';
import { DEVICES, type DeviceKind } from './config.ts';
import { probeFolder } from './find/folders.ts';
import { locateLibrary } from './find/locate.ts';
import { howToGet, PLATFORMS } from './find/targets.ts';
import { probeLibrary } from './pjrt/probe.ts';
import type { PluginFacts } from './pjrt/tryOut.ts';

/** What there is for one kind of device on this machine. */
export interface DeviceReport {
  readonly device: DeviceKind;
  /** The library that `device: …` would use, and who named it. */
  readonly library?: string;
  readonly from?: string;
  /** Present where it works. */
  readonly facts?: PluginFacts;
  /** Why it does not. */
  readonly reason?: string;
  readonly howToGet: string;
}

export interface DescribeOptions {
  readonly folder?: string;
  readonly python?: string;
  readonly env?: Environment;
}

/** For every kind of device: what is found, whether it works here, why not, and how to get one. */
export async function describeXla(options: DescribeOptions = {}): Promise<DeviceReport[]> {
  const reports: DeviceReport[] = [];
  for (const device of DEVICES) reports.push(await describeDevice(device, options));
  return reports;
}

async function describeDevice(device: DeviceKind, { folder, python, env }: DescribeOptions): Promise<DeviceReport> {
  const how = { device, howToGet: howToGet(device) };
  let located;
  try {
    located = await locateLibrary({
      device,
      ...(folder === undefined ? {} : { folder }),
      ...(python === undefined ? {} : { python }),
      ...(env === undefined ? {} : { env }),
    });
  } catch (error) {
    return { ...how, reason: messageOf(error) };
  }
  const found = { ...how, library: located.path, from: located.from };
  try {
    const facts = await probeLibrary(located.path, probeFolder(env));
    if (PLATFORMS[device].includes(facts.platform.toLowerCase())) return { ...found, facts };
    return { ...found, reason: `${located.path} is a plugin for ${facts.platform}` };
  } catch (error) {
    return { ...found, reason: messageOf(error) };
  }
}
