import { linearLogProb, matmul, sliceAxis, type Tensor } from '@tether/graph';
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
  return {
    vocabularySize: weight.shape[0]!,
    logits: (states, start, limit) => {
      const logits = matmul(states, sliceAxis(weight, 0, start, limit), { transposeB: true });
      return cap === undefined ? logits : softCap(logits, cap);
    },
    logps: (states, labels) =>
      cap === undefined
        ? linearLogProb(states, weight, labels, chunk === undefined ? {} : { chunk })
        : cappedLogProb(states, weight, labels, cap, chunk),
  };
}
