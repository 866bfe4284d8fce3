export type { Attend, InputDropout, LayerAttention, Places, TransformerBody } from './body.ts';
export { transformerModel, type ModelOptions } from './languageModel.ts';
export {
  adapterOutput,
  checkpointed,
  checkPresent,
  LORA_A,
  LORA_B,
  trainable,
  under,
  type LayerWeights,
} from './weights.ts';
