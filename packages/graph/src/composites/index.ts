export * from './arithmetic.ts';
export * from './checkpoint.ts';
export { DIVERGENCE_KINDS, type DivergenceKind } from './divergences.ts';
export { linearLogProb, type LinearLogProbOptions } from './linearLogProb.ts';
export { chunkedLogSumExp, chunksOf, defaultChunk, type Chunk } from './vocabularyChunks.ts';
export * from './dropout.ts';
export {
  distributionDivergence,
  labelLogProb,
  readVocabulary,
  type ChunkedHead,
  type ReadModel,
  type VocabularyReadings,
} from './vocabularyReadings.ts';
