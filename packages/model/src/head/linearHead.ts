import { linearLogProb, matmul, sliceAxis, type Tensor } from '@tether/graph';
import type { Head } from '@tether/core';

/**
 * A head without bias, weight [V, H].
 *
 * @param chunk vocabulary entries at a time in `logps`; see `linearLogProb` for the default
 */
export function linearHead(weight: Tensor, chunk?: number): Head {
  return {
    vocabularySize: weight.shape[0]!,
    logits: (states, start, limit) => matmul(states, sliceAxis(weight, 0, start, limit), { transposeB: true }),
    logps: (states, labels) => linearLogProb(states, weight, labels, chunk === undefined ? {} : { chunk }),
  };
}
