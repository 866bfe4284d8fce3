import type { OnnxNode } from './onnx/model.ts';

/** A result whose first reader comes at most so many nodes later is left to be computed on that reader's demand. */
const NEAR = 8;

/**
 * Pins the order in which ONNX Runtime runs the nodes to the order in which they are given.
 *
 * By itself it goes through the model depth first from the nodes whose results no other node reads, the last of them
 * first, and runs what they need. Gradients of weights, which nothing needs until the end, would be computed last, and
 * all activations kept for them; what is recomputed in the backward pass would be computed first. So results that are
 * not wanted soon get a reader of their own, which reads no more than their shape, and these readers stand at the end in
 * reverse.
 */
export function pinOrder(nodes: readonly OnnxNode[]): OnnxNode[] {
  const firstReader = new Map<string, number>();
  nodes.forEach(({ inputs }, index) => {
    for (const name of inputs) if (!firstReader.has(name)) firstReader.set(name, index);
  });
  const pins = nodes.flatMap(({ outputs, label }, index): OnnxNode[] => {
    const [name] = outputs as readonly [string];
    if ((firstReader.get(name) ?? Infinity) - index <= NEAR) return [];
    return [{ operator: 'Shape', inputs: [name], outputs: [`pin ${name}`], attributes: {}, label: `${label}/pin` }];
  });
  return [...nodes, ...pins.reverse()];
}
