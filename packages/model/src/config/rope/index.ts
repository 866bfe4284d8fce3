export { attentionFactorOf, inverseFrequencies } from './frequencies.ts';
export { ropeJson, ropeScalingJson } from './json.ts';
export { readRope, ropeFields, ropeSource, type ReadRopeOptions, type RopeFields, type RopeSource } from './read.ts';
export type { RopeConfig, RopeOf, RopeType } from './types.ts';
