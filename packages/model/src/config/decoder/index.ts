export { decoderArchitecture } from './architecture.ts';
export { decoderJson } from './json.ts';
export {
  checkWindow,
  layerTypes,
  layerTypesField,
  layerTypesJson,
  windowedLayers,
  windowFields,
} from './layerTypes.ts';
export { decoderParameters } from './parameters.ts';
export { checkLongRope, decoderFields, equalLayers, readDecoder } from './read.ts';
export type { Activation, DecoderConfig, DecoderType, LayerConfig } from './types.ts';
