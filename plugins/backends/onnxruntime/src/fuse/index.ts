import { dotProduct } from './dotProduct.ts';
import { rotary } from './rotary.ts';
import type { FusionRule } from './rule.ts';
import { scaleMatmul } from './scaleMatmul.ts';
import { scatterOnto } from './scatterOnto.ts';

export type { Fused, FusionRule, Usage } from './rule.ts';

/** In order: the first that applies to a node wins. */
export const fusionRules: readonly FusionRule[] = [rotary, scaleMatmul, scatterOnto, dotProduct];
