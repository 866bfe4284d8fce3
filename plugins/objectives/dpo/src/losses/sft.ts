import type { PairLoss } from './pair.ts';

/** The mean negative log-likelihood per chosen token, for mixtures such as DPO + SFT (Pang et al. 2024, RPO). */
export const sftLoss: PairLoss = ({ chosenNll }) => chosenNll();
