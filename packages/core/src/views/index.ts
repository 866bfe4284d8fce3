export { rewardMetrics } from './metrics.ts';
export { pairOf, requireReference, sideOf } from './sides.ts';
