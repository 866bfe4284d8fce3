import { SEGMENT, type LanguageModel } from '@tether/core';
import { evaluate, input, reshape, traceGraph, type Tensor } from '@tether/graph';
import { parameterInputs } from './models.ts';

/** What a model reads of rows, as plain numbers [B, T]. */
export interface Rows {
  readonly tokens: readonly number[];
  readonly segments: readonly number[];
  readonly positions: readonly number[];
  readonly keyMask: readonly number[];
}

/** A row by itself: all tokens in one segment, in order. */
export const plainRow = (tokens: readonly number[]): Rows => ({
  tokens,
  segments: tokens.map(() => SEGMENT.prompt),
  positions: tokens.map((_, position) => position),
  keyMask: tokens.map(() => 1),
});

export const rowInputs = (rows: number, length: number) => {
  const make = (name: keyof Rows): Tensor => input(name, 'i32', [rows, length]);
  return { tokens: make('tokens'), segments: make('segments'), positions: make('positions'), keyMask: make('keyMask') };
};

/** `prompt | chosen | rejected` with padding behind, and the same as two rows by themselves. */
export function promptOnce(
  prompt: readonly number[],
  chosen: readonly number[],
  rejected: readonly number[],
  padding: number,
) {
  const parts = [
    { segment: SEGMENT.prompt, tokens: prompt, start: 0 },
    { segment: SEGMENT.chosen, tokens: chosen, start: prompt.length },
    { segment: SEGMENT.rejected, tokens: rejected, start: prompt.length },
    { segment: SEGMENT.padding, tokens: new Array<number>(padding).fill(0), start: 0 },
  ];
  const row: Rows = {
    tokens: parts.flatMap(({ tokens }) => tokens),
    segments: parts.flatMap(({ segment, tokens }) => tokens.map(() => segment)),
    positions: parts.flatMap(({ start, tokens }) => tokens.map((_, index) => start + index)),
    keyMask: parts.flatMap(({ segment, tokens }) => tokens.map(() => (segment === SEGMENT.padding ? 0 : 1))),
  };
  return { row, alone: [plainRow([...prompt, ...chosen]), plainRow([...prompt, ...rejected])] as const };
}

export type Weights = Readonly<Record<string, ArrayLike<number>>>;

/** Hidden states [B·T·H] and logits [B·T·V] in float64. */
export function run(model: LanguageModel, weights: Weights, rows: Rows, batch = 1) {
  const length = rows.tokens.length / batch;
  const parameters = parameterInputs(model);
  const states = model.hiddenStates(parameters, rowInputs(batch, length));
  const flat = reshape(states, [batch * length, model.hiddenSize]);
  const logits = model.head(parameters).logits(flat, 0, model.vocabularySize);
  const graph = traceGraph({ states, logits });
  const given = Object.entries<ArrayLike<number>>({ ...weights, ...rows }).filter(([name]) => graph.inputs.has(name));
  const outputs = evaluate(graph, Object.fromEntries(given));
  return { shape: states.shape, states: outputs.get('states')!.data, logits: outputs.get('logits')!.data };
}
