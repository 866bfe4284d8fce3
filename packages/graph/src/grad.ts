import { add } from './operations/elementwise.ts';
import { broadcast } from './operations/layout.ts';
import { constant } from './operations/source.ts';
import { onBehalfOf, type Tensor } from './tensor.ts';
import { formatType, isFloat, sameShape, ShapeError } from './types.ts';

/** Everything that `outputs` are computed from, themselves included, inputs before users. */
export function reachable(outputs: readonly Tensor[]): Tensor[] {
  const seen = new Map<number, Tensor>();
  const pending = [...outputs];
  for (let tensor = pending.pop(); tensor !== undefined; tensor = pending.pop()) {
    if (seen.has(tensor.id)) continue;
    seen.set(tensor.id, tensor);
    pending.push(...tensor.inputs);
  }
  return [...seen.values()].sort((a, b) => a.id - b.id);
}

/** Ids of the tensors through which a gradient can flow from an output to one of `wrt`. */
function differentiablePath(nodes: readonly Tensor[], wrt: readonly Tensor[]): ReadonlySet<number> {
  const path = new Set(wrt.map((tensor) => tensor.id));
  for (const node of nodes) {
    if (node.operation.gradient !== 'none' && node.inputs.some((input) => path.has(input.id))) path.add(node.id);
  }
  return path;
}

/**
 * Reverse-mode differentiation, graph to graph: the gradients of Σ output · outputGradient with respect to `wrt`.
 *
 * @returns one tensor per `wrt`, of its type; zeros where the output does not depend on it
 */
export function vectorJacobian(output: Tensor, wrt: readonly Tensor[], outputGradient: Tensor): Tensor[] {
  if (!sameShape(output.shape, outputGradient.shape) || output.dtype !== outputGradient.dtype) {
    throw new ShapeError(`gradient ${formatType(outputGradient)} does not fit output ${formatType(output)}`);
  }
  const nodes = reachable([output]);
  const path = differentiablePath(nodes, wrt);
  const targets = new Set(wrt.map((tensor) => tensor.id));
  const gradients = new Map<number, Tensor>([[output.id, outputGradient]]);
  for (const node of nodes.toReversed()) {
    const gradient = gradients.get(node.id);
    const rule = node.operation.gradient;
    if (gradient === undefined || !path.has(node.id) || rule === 'none') continue;
    if (!targets.has(node.id)) gradients.delete(node.id);
    const { inputs, attributes } = node;
    const contributions = onBehalfOf(node, "'", () =>
      rule({ inputs, attributes, output: node, outputGradient: gradient }),
    );
    inputs.forEach((input, index) => {
      const contribution = contributions[index];
      if (contribution === undefined || !path.has(input.id)) return;
      const sum = gradients.get(input.id);
      gradients.set(input.id, sum === undefined ? contribution : onBehalfOf(node, "'", () => add(sum, contribution)));
    });
  }
  return wrt.map((tensor) => gradients.get(tensor.id) ?? broadcast(constant(0, tensor.dtype), tensor.shape));
}

/**
 * Gradients of a scalar with respect to `wrt`.
 *
 * @throws ShapeError when `loss` is not a float scalar
 */
export function grad(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0 || !isFloat(loss.dtype)) {
    throw new ShapeError(`a loss is a float scalar, not ${formatType(loss)}`);
  }
  return vectorJacobian(loss, wrt, constant(1, loss.dtype));
}
