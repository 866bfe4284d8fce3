import { gather, linearLogProb, matmul, mul, reduceSum, sliceAxis, type Tensor } from '@tether/graph';
import type { Head } from '@tether/core';
import { softCap } from '../blocks/index.ts';
import { cappedLogProb } from './cappedLogProb.ts';

export interface LinearHeadOptions {
  /** Vocabulary entries at a time in `logps`; see `linearLogProb` for the default. */
  readonly chunk?: number | undefined;
  /** Logits become cap·tanh(logit/cap). */
  readonly cap?: number | undefined;
}

/** A head without bias, weight [V, H]. */
export function linearHead(weight: Tensor, { chunk, cap }: LinearHeadOptions = {}): Head {
  const capped = (logits: Tensor): Tensor => (cap === undefined ? logits : softCap(logits, cap));
  return {
    vocabularySize: weight.shape[0]!,
    logits: (states, start, limit) => capped(matmul(states, sliceAxis(weight, 0, start, limit), { transposeB: true })),
    labelLogits: (states, labels) => capped(reduceSum(mul(states, gather(weight, labels)), [1])),
    logps: (states, labels) =>
      cap === undefined
        ? linearLogProb(states, weight, labels, chunk === undefined ? {} : { chunk })
        : cappedLogProb(states, weight, labels, cap, chunk),
  };
}
