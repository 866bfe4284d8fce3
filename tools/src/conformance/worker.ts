/** Trains one case on one engine: `worker.ts PACKAGE OPTIONS MODEL OUTPUT`, the middle two as JSON. */
import { Trainer, type BackendPlugin } from '@tether/core';
import { writeSafetensors } from '@tether/model';
import { writeFileSync } from 'node:fs';
import { conformanceRun, STEPS, type ConformanceModel } from './case.ts';

const [name, options, model, output] = process.argv.slice(2) as [string, string, string, string];
const { plugin } = (await import(name)) as { plugin: BackendPlugin };
const config = plugin.config.parse(JSON.parse(options));
const availability = await plugin.availability(config);
if (!availability.available) {
  writeFileSync(`${output}.json`, JSON.stringify({ unavailable: availability.reason }));
  process.exit(0);
}
const backend = await plugin.create(config);
const trainer = await Trainer.create({ backend, ...(await conformanceRun(JSON.parse(model) as ConformanceModel)) });
const losses: number[] = [];
const start = performance.now();
for (let step = 0; step < STEPS; step++) losses.push((await trainer.step(step)).readings['loss']!);
const seconds = (performance.now() - start) / 1000;
const weights = await trainer.policyWeights();
await writeSafetensors(
  `${output}.safetensors`,
  [...weights].map(([tensor, { shape, data }]) => ({
    name: tensor,
    dtype: 'F32',
    shape,
    data: Float32Array.from(data),
  })),
);
writeFileSync(`${output}.json`, JSON.stringify({ description: backend.description, losses, seconds }));
await trainer.dispose();
await backend.dispose();
process.exit(0);
