export { ACTIVATIONS, geluTanh, softCap } from './activations.ts';
export { attention } from './attention.ts';
export { causalAttention } from './causalAttention.ts';
export { gatedFeedForward } from './gatedFeedForward.ts';
export { mergeHeads, splitHeads } from './heads.ts';
export { conv1d, linear, lowRank, splitColumns, type Projection } from './linear.ts';
export { additiveMask, attentionMask, slotMask, type Window } from './mask.ts';
export { applyRotary, rotaryTables, scaledTables, type RotaryTables } from './rotary.ts';
