export { latentsOf } from './latents.ts';
export { chosenNll, logpsPerToken, smoothedLogistic } from './likelihood.ts';
export { linearHead } from './linearHead.ts';
export { rewardMetrics, unpairedRewardMetrics } from './metrics.ts';
export { sameRank } from './ranks.ts';
export { pairOf, requireMismatched, requireReference, requireWeights, sideOf, stackPair, type Pair } from './sides.ts';
