import type { HostArray, ParameterSpec, Weights } from '@tether/core';
import { fillUniform } from '../config/initialParameters.ts';
import { LORA_A, LORA_B } from '../transformer/weights.ts';
import { loraScale, type LoraConfig } from './config.ts';
import { isInputFirst, loraParameters, loraTargets, type Target } from './targets.ts';

/**
 * Adapters as PEFT starts them: A from U(−1/√I, 1/√I) (Kaiming's rule with a = √5), B zero, so that they change nothing.
 * Each tensor depends on the seed and its own name only.
 */
export function initialAdapter(
  base: readonly ParameterSpec[],
  config: LoraConfig,
  seed: number,
): Map<string, Float32Array> {
  const targets = loraTargets(base, config);
  return new Map(
    loraParameters(targets, config).map(({ name, shape }) => {
      const [rows, columns] = shape as readonly [number, number];
      const values = new Float32Array(rows * columns);
      if (name.endsWith(LORA_A)) fillUniform(values, name, seed, 1 / Math.sqrt(columns));
      return [name, values];
    }),
  );
}

/**
 * Weights with the adapters' updates in them: W + scale · B · A. Products are added up in float64 and rounded once.
 * Weights without an adapter are handed on as they are.
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
  const [a, b] = [adapter.get(`${module}.${LORA_A}`), adapter.get(`${module}.${LORA_B}`)];
  if (a === undefined || b === undefined) throw new RangeError(`the adapter has no tensors of ${module}`);
  const { rank } = config;
  const scale = loraScale(config);
  const merged = new Float32Array(inputs * outputs);
  const update = new Float64Array(inputs);
  const inputFirst = isInputFirst(`${module}.weight`);
  for (let output = 0; output < outputs; output++) {
    update.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = scale * b[output * rank + r]!;
      for (let input = 0; input < inputs; input++) update[input]! += factor * a[r * inputs + input]!;
    }
    for (let input = 0; input < inputs; input++) {
      const at = inputFirst ? input * outputs + output : output * inputs + input;
      merged[at] = weight[at]! + update[input]!;
    }
  }
  return merged;
}
