import { languageModel, loadModelConfig, modelParameters, openCheckpoint } from '@tether/model';
import type { HostArray, LanguageModel } from '@tether/core';

export interface GoldenModel {
  readonly model: LanguageModel;
  /** The checkpoint. */
  readonly reference: Map<string, HostArray>;
  /** Every tensor times 1 + 0.02·sin(i + 1). */
  readonly policy: Map<string, HostArray>;
}

/** The goldens' models: the checkpoint, and its perturbation in float64 or rounded once to float32. */
export async function goldenModel(folder: string, precision: 'f64' | 'f32'): Promise<GoldenModel> {
  const { config } = await loadModelConfig(folder);
  const reader = await openCheckpoint(folder);
  const reference = new Map<string, HostArray>();
  const policy = new Map<string, HostArray>();
  const Kind = precision === 'f64' ? Float64Array : Float32Array;
  try {
    for (const { name } of modelParameters(config)) {
      const values = await reader.read(name);
      reference.set(name, Kind.from(values));
      const perturbed = Float64Array.from(values, (value, index) => value * (1 + 0.02 * Math.sin(index + 1)));
      policy.set(name, Kind.from(perturbed));
    }
  } finally {
    await reader.close();
  }
  return { model: languageModel(config), reference, policy };
}
