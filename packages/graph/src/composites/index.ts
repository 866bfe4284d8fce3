export * from './arithmetic.ts';
export * from './checkpoint.ts';
export { distributionDivergence, type ChunkedHead, type DivergenceKind } from './distributionDivergence.ts';
export { linearLogProb, type LinearLogProbOptions } from './linearLogProb.ts';
export { chunkedLogSumExp, chunksOf, defaultChunk, type Chunk } from './vocabularyChunks.ts';
export * from './dropout.ts';
