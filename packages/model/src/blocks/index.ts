export { attention } from './attention.ts';
export { mergeHeads, splitHeads } from './heads.ts';
export { linear, type Projection } from './linear.ts';
export { additiveMask, attentionMask, slotMask } from './mask.ts';
export { applyRotary, rotaryTables, scaledTables, type RotaryTables } from './rotary.ts';
export { swiglu } from './swiglu.ts';
