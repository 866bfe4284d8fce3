import type { HostArray, ParameterSpec, Weights } from '@tether/core';
import { fillUniform } from '../config/initialParameters.ts';
import { LORA_A, LORA_B, LORA_MAGNITUDE } from '../transformer/adapter.ts';
import { loraScale, type LoraConfig } from './config.ts';
import { isInputFirst, loraParameters, loraTargets, type Target } from './targets.ts';

/**
 * Adapters as PEFT starts them: A from U(−1/√I, 1/√I) (Kaiming's rule with a = √5), B zero, DoRA's magnitudes the norms of
 * the base's weights, so that they change nothing (DoRA: beyond rounding). A depends on the seed and its own name only.
 *
 * @param base     the base model's parameters
 * @param weights  their values, of which only DoRA reads any
 */
export function initialAdapter(
  base: readonly ParameterSpec[],
  config: LoraConfig,
  seed: number,
  weights: Weights,
): Map<string, Float32Array> {
  const targets = loraTargets(base, config);
  const adapter = new Map(
    loraParameters(targets, config).map(({ name, shape }) => {
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      if (name.endsWith(LORA_A)) fillUniform(values, name, seed, 1 / Math.sqrt(shape[1]!));
      return [name, values];
    }),
  );
  for (const target of config.dora ? targets : []) {
    const magnitudes = adapter.get(`${target.module}.${LORA_MAGNITUDE}`)!;
    const rows = weightRows(weights.get(`${target.module}.weight`)!, target);
    magnitudes.set(Array.from(magnitudes, (_, output) => norm(rows(output))));
  }
  return adapter;
}

/**
 * Weights with the adapters' updates in them: W + scale · B · A, each output's row brought to its magnitude with DoRA.
 * Computed in float64 and rounded once. Weights without an adapter are handed on as they are.
 *
 * @throws RangeError when an adapter's tensor is missing
 */
export function mergeAdapter(
  base: readonly ParameterSpec[],
  weights: Weights,
  adapter: Weights,
  config: LoraConfig,
): Map<string, HostArray> {
  const merged = new Map(weights);
  for (const target of loraTargets(base, config)) {
    const name = `${target.module}.weight`;
    merged.set(name, mergedWeight(weights.get(name)!, adapter, target, config));
  }
  return merged;
}

function mergedWeight(weight: HostArray, adapter: Weights, target: Target, config: LoraConfig): Float32Array {
  const { module, inputs, outputs } = target;
  const tensor = (name: string): HostArray => {
    const found = adapter.get(`${module}.${name}`);
    if (found === undefined) throw new RangeError(`the adapter has no tensor ${module}.${name}`);
    return found;
  };
  const [a, b] = [tensor(LORA_A), tensor(LORA_B)];
  const magnitudes = config.dora ? tensor(LORA_MAGNITUDE) : undefined;
  const { rank } = config;
  const scale = loraScale(config);
  const merged = new Float32Array(inputs * outputs);
  const rows = weightRows(weight, target);
  const placeOf = placesOf(target);
  for (let output = 0; output < outputs; output++) {
    const row = rows(output);
    for (let r = 0; r < rank; r++) {
      const factor = scale * b[output * rank + r]!;
      for (let input = 0; input < inputs; input++) row[input]! += factor * a[r * inputs + input]!;
    }
    const ratio = magnitudes === undefined ? 1 : magnitudes[output]! / (norm(row) || 1); // a row of zeros stays one
    for (let input = 0; input < inputs; input++) merged[placeOf(output, input)] = ratio * row[input]!;
  }
  return merged;
}

const norm = (row: Float64Array): number => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));

/** Where the weight of an output and an input lies. */
const placesOf = ({ module, inputs, outputs }: Target): ((output: number, input: number) => number) =>
  isInputFirst(module) ? (output, input) => input * outputs + output : (output, input) => output * inputs + input;

/** The weights [I] of an output, in an array that the next call writes again. */
function weightRows(weight: HostArray, target: Target): (output: number) => Float64Array {
  const row = new Float64Array(target.inputs);
  const placeOf = placesOf(target);
  return (output) => {
    for (let input = 0; input < row.length; input++) row[input] = weight[placeOf(output, input)]!;
    return row;
  };
}
