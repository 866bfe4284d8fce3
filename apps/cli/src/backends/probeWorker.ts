import { constant, mul, traceGraph } from '@tether/graph';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { serveTask } from '../run/inChild.ts';
import type { EngineReport, ProbeTask } from './engines.ts';

/** Makes the backend and lets it multiply 6 by 7: a library that loads may still not run. */
async function probe({ baseFolder, choice }: ProbeTask): Promise<EngineReport> {
  const plugin = await new PluginRegistry(baseFolder).get('backend', choice.backend);
  const config = plugin.config.parse(choice.options);
  const availability = await plugin.availability(config);
  if (!availability.available) return { ...choice, reason: availability.reason };
  const backend = await plugin.create(config);
  const program = await backend.compile(traceGraph({ product: mul(constant(6), constant(7)) }), { label: 'probe' });
  const product = (await program.run(new Map())).get('product')!;
  const [value] = (await backend.download(product)).data;
  if (value !== 42) return { ...choice, reason: `it says that 6 times 7 is ${String(value)}` };
  return { ...choice, description: backend.description };
}

serveTask(probe);
