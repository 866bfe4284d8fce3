import {
  gather,
  linearLogProb,
  matmul,
  mul,
  reduceSum,
  sliceAxis,
  type LinearLogProbOptions,
  type Tensor,
} from '@tether/graph';
import type { Head } from '../contracts/index.ts';

/** A head without bias: logits are states · weightᵀ, with weight [V, H]. */
export const linearHead = (weight: Tensor, options: LinearLogProbOptions = {}): Head => ({
  vocabularySize: weight.shape[0]!,
  logits: (states, start, limit) => matmul(states, sliceAxis(weight, 0, start, limit), { transposeB: true }),
  labelLogits: (states, labels) => reduceSum(mul(states, gather(weight, labels)), [1]),
  logps: (states, labels) => linearLogProb(states, weight, labels, options),
});
