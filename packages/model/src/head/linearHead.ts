import type { Tensor } from '@tether/graph';
import { linearHead as plainHead, type Head } from '@tether/core';
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
  const head = plainHead(weight, chunk === undefined ? {} : { chunk });
  if (cap === undefined) return head;
  return {
    ...head,
    logits: (states, start, limit) => softCap(head.logits(states, start, limit), cap),
    labelLogits: (states, labels) => softCap(head.labelLogits(states, labels), cap),
    logps: (states, labels) => cappedLogProb(states, weight, labels, cap, chunk),
  };
}
