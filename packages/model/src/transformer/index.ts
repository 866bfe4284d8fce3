export type { Attend, InputDropout, LayerAttention, Places, TransformerBody } from './body.ts';
export { transformerModel, type ModelOptions } from './languageModel.ts';
export { adaptedLinear } from './adapter.ts';
export { checkpointed, checkPresent, trainable, under, type LayerWeights } from './weights.ts';
