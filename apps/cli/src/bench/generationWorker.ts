import { createGenerator, initialParameters, languageModel, parseModelConfig } from '@tether/model';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { uploadWeights } from '../model/uploadWeights.ts';
import { serveTask } from '../run/inChild.ts';
import { peakMemoryBytes } from '../run/machine.ts';
import { randomTokens } from './randomTokens.ts';
import { SHAPES } from './shapes.ts';
import type { GenerationWork, Measurement } from './work.ts';

async function measure(work: GenerationWork): Promise<Measurement> {
  const config = parseModelConfig(SHAPES[work.shape], work.shape);
  const model = languageModel(config);
  const plugin = await new PluginRegistry(process.cwd()).get('backend', work.engine.backend);
  const backend = await plugin.create(plugin.config.parse(work.engine.options));
  const weights = initialParameters(config, 1);
  const parameters = await uploadWeights(backend, model.parameters, weights);
  const maxLength = work.prompt + work.completion;
  const generator = createGenerator({ backend, model, maxBatch: work.pairs, maxLength });
  const tokens = randomTokens(1);
  const stepSeconds: number[] = [];
  for (let step = 0; step < work.steps; step++) {
    const prompts = Array.from({ length: work.pairs }, () => tokens(work.prompt));
    const start = performance.now();
    await generator.generate(parameters, prompts, {
      temperature: 1,
      topP: 1,
      topK: 0,
      maxNewTokens: work.completion,
      seed: step,
    });
    stepSeconds.push((performance.now() - start) / 1000);
  }
  const { description } = backend;
  await generator.dispose();
  await backend.dispose();
  return { description, stepSeconds, firstStepSeconds: stepSeconds[0]!, peakMemoryBytes: peakMemoryBytes() };
}

serveTask(measure);
