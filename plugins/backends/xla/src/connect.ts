import { arch, cpus } from 'node:os';
import { BackendError, messageOf, type Availability } from '@tether/core';
import type { XlaConfig } from './config.ts';
import { probeFolder } from './find/folders.ts';
import { locateLibrary, type LocatedLibrary } from './find/locate.ts';
import { howToGet, PLATFORMS } from './find/targets.ts';
import { formatVersion } from './pjrt/api.ts';
import { PjrtClient } from './pjrt/client.ts';
import { openLibrary } from './pjrt/library.ts';
import { probeLibrary } from './pjrt/probe.ts';
import type { PluginFacts } from './pjrt/tryOut.ts';
import { Turns } from './turns.ts';

/** @throws BackendError where no library is found, or the one that is found does not work or has too few devices */
async function findWorking(config: XlaConfig): Promise<{ library: LocatedLibrary; facts: PluginFacts }> {
  const { device, devices } = config;
  const library = await locateLibrary(config);
  let facts: PluginFacts;
  try {
    facts = await probeLibrary(library.path, probeFolder());
  } catch (error) {
    throw new BackendError(`${messageOf(error)} (from: ${library.from}). Plugins for ${device}: ${howToGet(device)}`);
  }
  if (!PLATFORMS[device].includes(facts.platform.toLowerCase())) {
    throw new BackendError(
      `${library.path} is a plugin for ${facts.platform}, and the config says "device: ${device}" (from: ${library.from})`,
    );
  }
  if (device !== 'cpu' && facts.devices.length < devices) {
    throw new BackendError(`"devices: ${devices}" are more than the ${facts.devices.length} of ${library.path}`);
  }
  return { library, facts };
}

export async function availability(config: XlaConfig): Promise<Availability> {
  try {
    await findWorking(config);
    return { available: true };
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    return { available: false, reason: error.message };
  }
}

/** A client that backends of one process share: a GPU's memory can be taken only once. */
interface Shared {
  readonly client: Promise<PjrtClient>;
  readonly turns: Turns;
  users: number;
}
const shared = new Map<string, Shared>();

export interface Connection {
  readonly client: PjrtClient;
  /**
   * Runs of programs over several devices come one after the other, of all backends on the client: two at once may wait
   * for each other's threads.
   */
  readonly turns: Turns;
  readonly library: LocatedLibrary;
  /** Tells apart everything that compiled programs depend on. */
  readonly machine: string;
  /** For run records: plugin, platform, version. */
  readonly description: string;
  close(): Promise<void>;
}

/** @throws BackendError telling what is missing */
export async function connect(config: XlaConfig): Promise<Connection> {
  const { library } = await findWorking(config);
  // A processor is as many devices as one asks for; other devices are what they are.
  const options = config.device === 'cpu' ? { [CPU_DEVICES]: config.devices } : {};
  const key = JSON.stringify([library.path, options]);
  const entry = shared.get(key) ?? { client: open(library.path, options), turns: new Turns(), users: 0 };
  shared.set(key, entry);
  entry.users++;
  const leave = async (): Promise<void> => {
    if (--entry.users > 0) return;
    shared.delete(key);
    (await entry.client).destroy();
  };
  const client = await entry.client.catch((error: unknown) => {
    if (shared.get(key) === entry) shared.delete(key); // the next backend tries again
    throw error;
  });
  try {
    return { client, turns: entry.turns, library, close: leave, ...describe(client, config) };
  } catch (error) {
    await leave();
    throw error;
  }
}

async function open(path: string, options: Readonly<Record<string, number>>): Promise<PjrtClient> {
  const { [CPU_DEVICES]: devices = 1 } = options;
  const environment = {
    TF_CPP_MIN_LOG_LEVEL: '2', // the plugin's log would come between the lines of the program's own output
    ...(devices === 1 ? {} : { [THREADS_VARIABLE]: String(Math.max(cpus().length, devices * THREADS_PER_DEVICE)) }),
  };
  return withEnvironment(environment, async () => PjrtClient.create(await openLibrary(path), options));
}

const CPU_DEVICES = 'cpu_device_count';
/** Size of the CPU plugin's pools of threads; by default one thread per processor. */
const THREADS_VARIABLE = 'PJRT_NPROC';
/**
 * A device that waits for the others in a collective operation keeps its threads. With as many threads as devices, the
 * others may find none left to come there on (seen at 4 devices with 4 threads; 8 sufficed).
 */
const THREADS_PER_DEVICE = 4;

/** Sets variables that are not set already, as long as `action` takes. */
async function withEnvironment<T>(variables: Readonly<Record<string, string>>, action: () => Promise<T>): Promise<T> {
  const added = Object.entries(variables).filter(([name]) => process.env[name] === undefined);
  for (const [name, value] of added) process.env[name] = value;
  try {
    return await action();
  } finally {
    for (const [name] of added) Reflect.deleteProperty(process.env, name);
  }
}

function describe(
  client: PjrtClient,
  { devices, compute, state }: XlaConfig,
): Pick<Connection, 'machine' | 'description'> {
  const { platform, platformVersion, api } = client;
  const kind = client.devices[0]?.kind ?? platform;
  const version = platformVersion === platform ? '' : ` ${platformVersion.split('\n')[0]!}`;
  const many = devices === 1 ? '1 device' : `${devices} devices, state ${state}`;
  return {
    description: `xla ${platform}${version} (${kind}), PJRT ${formatVersion(api.version)}, ${many}, ${compute} products`,
    machine: JSON.stringify([
      platform,
      platformVersion,
      formatVersion(api.version),
      api.attributes(),
      kind,
      arch(),
      cpus()[0]?.model ?? '',
    ]),
  };
}
