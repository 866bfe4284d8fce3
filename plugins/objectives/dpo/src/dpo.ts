import { add, logSigmoid, mul, neg, sub, type Tensor } from '@tether/graph';
import { pairOf, requireReference, rewardMetrics, type BatchViews, type LossResult } from '@tether/core';
import type { DpoConfig } from './config.ts';

/**
 * Direct preference optimization (Rafailov et al. 2023, eq. 7), with conservative label smoothing ε (Mitchell 2023):
 * −(1 − ε)·log σ(β·(Δ⁺ − Δ⁻)) − ε·log σ(−β·(Δ⁺ − Δ⁻)), where Δ = log π(y|x) − log π_ref(y|x).
 */
export function dpoLoss(views: BatchViews, { beta, label_smoothing: smoothing }: DpoConfig): LossResult {
  const reference = requireReference(views);
  const rewards = mul(sub(views.policy.logps.sums, reference.logps.sums), beta); // [B, 2]
  const { chosen, rejected } = pairOf(views, rewards);
  const margin = sub(chosen, rejected); // [B]
  return {
    loss: views.meanOverRows(smoothedLogistic(margin, smoothing)),
    metrics: rewardMetrics(views, chosen, rejected),
  };
}

function smoothedLogistic(margin: Tensor, smoothing: number): Tensor {
  const agreeing = mul(logSigmoid(margin), smoothing - 1);
  return smoothing === 0 ? agreeing : add(agreeing, mul(logSigmoid(neg(margin)), -smoothing));
}
