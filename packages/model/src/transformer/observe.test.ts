import { evaluate, grad, mul, reduceSum, traceGraph, type Tensor } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { parseModelConfig } from '../config/index.ts';
import { languageModel } from '../languageModel.ts';
import { parameterInputs, randomWeights, SMALL_ARCHITECTURES } from '../testing/models.ts';
import { plainRow, rowInputs } from '../testing/rows.ts';

const ROW = plainRow([1, 5, 2, 7]);

/** A model's layers as it tells them, with the parameters that they were read from. */
function observed(config: Readonly<Record<string, unknown>>, rematerialize: boolean) {
  const model = languageModel(parseModelConfig(config), { rematerialize });
  const parameters = parameterInputs(model);
  const layers: Tensor[] = [];
  const observe = (layer: number, states: Tensor): void => void (layers[layer] = states);
  const states = model.hiddenStates(parameters, { ...rowInputs(1, ROW.tokens.length), observe });
  return { model, parameters, layers, states };
}

const inputsOf = (tensor: Tensor): string[] => [...traceGraph({ tensor }).inputs.keys()];
const layerNumbers = (names: readonly string[]): string[] => [
  ...new Set(names.flatMap((name) => /\.(?:layers|h)\.(\d+)\./.exec(name)?.[1] ?? [])),
];

describe.each(Object.entries(SMALL_ARCHITECTURES))('%s', (_, config) => {
  const { model, layers, states } = observed(config, false);

  it('tells what each layer puts out: of it and those before, and of no final norm', () => {
    expect(layers.map(({ shape }) => shape)).toEqual([states.shape, states.shape]);
    expect(layers.map((layer) => layerNumbers(inputsOf(layer)).sort())).toEqual([['0'], ['0', '1']]);
    const rest = inputsOf(states).filter((name) => !inputsOf(layers[1]!).includes(name));
    expect(rest.length).toBeGreaterThan(0); // what hidden states need besides is the final norm
    expect(rest.every((name) => /(^|\.)(norm|ln_f)\./.test(name))).toBe(true);
  });

  it('tells the same, with the same gradients, where layers are computed again', () => {
    const weights = randomWeights(model, 3);
    const [plain, again] = [false, true].map((rematerialize) => {
      const { parameters, layers: told } = observed(config, rematerialize);
      const [embedding] = Object.values(parameters);
      const outputs = { states: told[1]!, gradient: grad(reduceSum(mul(told[0]!, told[0]!)), [embedding!])[0]! };
      const graph = traceGraph(outputs);
      const given = Object.entries<ArrayLike<number>>({ ...weights, ...ROW }).filter(([name]) =>
        graph.inputs.has(name),
      );
      return evaluate(graph, Object.fromEntries(given));
    });
    for (const name of ['states', 'gradient']) {
      const [expected, found] = [plain, again].map((values) => Array.from(values!.get(name)!.data));
      expected!.forEach((value, at) => expect(found![at]).toBeCloseTo(value, 10)); // float64; gradients are summed in another order
      expect(expected!.some((value) => value !== 0)).toBe(true);
    }
  });
});
