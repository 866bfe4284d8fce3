export type { CachedModel, Decoded, LayerCache } from './cachedModel.ts';
export {
  createGenerator,
  type Generated,
  type GenerateOptions,
  type Generator,
  type GeneratorOptions,
} from './generator.ts';
export type { GeneratingModel } from './programs.ts';
export { checkSampling, sampleToken, type SampledToken, type SamplingOptions } from './sampling.ts';
