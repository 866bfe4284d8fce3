export { rewardMetrics } from './metrics.ts';
export { pairOf, requireMismatched, requireReference, requireWeights, sideOf } from './sides.ts';
