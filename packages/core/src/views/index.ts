export { linearHead } from './linearHead.ts';
export { rewardMetrics, unpairedRewardMetrics } from './metrics.ts';
export { pairOf, requireMismatched, requireReference, requireWeights, sideOf, stackPair, type Pair } from './sides.ts';
