export { rewardMetrics } from './metrics.ts';
export { pairOf, requireReference, requireWeights, sideOf } from './sides.ts';
