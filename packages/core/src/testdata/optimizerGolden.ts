import { readFileSync } from 'node:fs';
import type { ScheduleName } from '../optimizer/index.ts';

/** What tools/goldens/optimizer.py writes: numbers of PyTorch and transformers. */
export interface OptimizerGolden {
  readonly adamw: readonly {
    readonly weightDecay: number;
    /** 0 where nothing is clipped. */
    readonly maxNorm: number;
    readonly initial: readonly (readonly number[] | readonly (readonly number[])[])[];
    readonly steps: readonly {
      readonly learningRate: number;
      readonly gradients: readonly (readonly number[])[];
      readonly norm: number | null;
      readonly parameters: readonly (readonly number[])[];
    }[];
  }[];
  readonly schedules: readonly {
    readonly name: ScheduleName;
    readonly warmupSteps: number;
    readonly totalSteps: number;
    readonly factors: readonly number[];
  }[];
}

export const readOptimizerGolden = (): OptimizerGolden =>
  JSON.parse(readFileSync(new URL('optimizer.golden.json', import.meta.url), 'utf8')) as OptimizerGolden; // by its script
