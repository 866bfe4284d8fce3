import { standardMetrics } from '../raw/metrics.ts';
import type { Curve, FrontierPoint, Measurement, RawComparison, Run, SampleAnswers } from '../raw/schema.ts';
import { randomWords } from '../statistics/random.ts';

/** What each simulated arm does to the policy, per unit of training. */
interface Effect {
  readonly reward: number;
  readonly kl: number;
  readonly secondsPerStep: number;
  readonly memory: number;
}

const EFFECTS: Record<string, Effect> = {
  none: { reward: 0.3, kl: 9, secondsPerStep: 0.21, memory: 1.1e9 },
  kl: { reward: 0.28, kl: 4, secondsPerStep: 0.24, memory: 1.25e9 },
  ganpo: { reward: 0.42, kl: 5.5, secondsPerStep: 0.35, memory: 1.6e9 },
};

const SPLITS = ['heldout', 'shifted'] as const;
const TEMPERATURES = [0.7, 1, 1.5, 2] as const;
const STEPS = 120;

export interface Simulation {
  readonly seeds?: number;
  readonly prompts?: number;
  /** Between-seed standard deviation of the reward. */
  readonly seedNoise?: number;
}

/** A comparison that looks like a real one: three arms on shared seeds and prompts, with known effects. */
export function simulateComparison({ seeds = 3, prompts = 64, seedNoise = 0.02 }: Simulation = {}): RawComparison {
  const seedList = Array.from({ length: seeds }, (_, index) => index + 1);
  const ids = Array.from({ length: prompts }, (_, index) => `p${index}`);
  const arms = Object.keys(EFFECTS);
  return {
    version: 1,
    name: 'Quickstart: none, KL and GANPO on sorted brackets',
    description: 'A simulated comparison, for tests and for looking at the report.',
    createdAt: '2026-01-15T12:00:00Z',
    metrics: Object.values(standardMetrics),
    arms: arms.map((name) => ({ name, config: configOf(name) })),
    seeds: seedList,
    runs: arms.flatMap((arm, a) => seedList.map((seed) => simulateRun(arm, a, seed, ids, seedNoise))),
    before: SPLITS.flatMap((split) =>
      TEMPERATURES.map((temperature) => ({
        metric: 'goldReward',
        split,
        temperature,
        value: 0.35 - 0.08 * temperature,
      })),
    ),
    samples: simulateSamples(arms),
    dataReport: [
      'train: 512 rows read, 500 kept; 8 duplicates dropped, 4 identical pairs dropped (rows 17, 90, 91, 312)',
      'heldout: 64 prompts; shifted: 64 prompts',
      '3 prompts truncated on the left to 128 tokens (rows 5, 44, 460)',
    ],
    facts: { model: 'tiny (2 layers, 64 wide)', backend: 'onnxruntime 1.30 (CPU)', machine: '2 cores, 8 GiB' },
  };
}

function configOf(name: string): Record<string, unknown> {
  const regularizers: Record<string, unknown> = {
    none: [],
    kl: [{ use: 'kl', weight: 0.1, direction: 'forward' }],
    ganpo: [{ use: 'ganpo', weight: 1, pooling: 'masked', hidden: 512 }],
  };
  return { objective: { use: 'dpo', beta: 0.1 }, regularizers: regularizers[name], optimizer: { learningRate: 5e-4 } };
}

function simulateRun(arm: string, a: number, seed: number, ids: readonly string[], seedNoise: number): Run {
  const effect = EFFECTS[arm] ?? { reward: 0, kl: 0, secondsPerStep: 1, memory: 1 };
  const own = normals(seed * 100 + a, 8);
  const seedShift = seedNoise * (own[0] ?? 0);
  return {
    arm,
    seed,
    measurements: [
      ...pairMeasurements(effect, own),
      ...SPLITS.flatMap((split, place) =>
        TEMPERATURES.flatMap((temperature) =>
          sampledMeasurements({ effect, split, place, temperature, ids, seedShift, stream: seed * 1000 + a * 100 }),
        ),
      ),
    ],
    curves: simulateCurves(effect, seed * 10 + a),
    frontier: simulateFrontier(effect, seed * 10 + a),
    cost: {
      seconds: STEPS * effect.secondsPerStep * (1 + 0.02 * (own[1] ?? 0)),
      secondsPerStep: effect.secondsPerStep * (1 + 0.02 * (own[1] ?? 0)),
      tokensPerSecond: 1500 / effect.secondsPerStep,
      peakMemoryBytes: effect.memory * (1 + 0.01 * (own[2] ?? 0)),
    },
  };
}

function pairMeasurements(effect: Effect, own: readonly number[]): Measurement[] {
  return [
    { metric: 'rewardAccuracy', split: 'train', value: 0.8 + effect.reward / 5 + 0.01 * (own[3] ?? 0) },
    { metric: 'rewardAccuracy', split: 'heldout', value: 0.7 + effect.reward / 5 + 0.01 * (own[4] ?? 0) },
    { metric: 'loss', split: 'heldout', value: 0.5 - effect.reward / 10 + 0.01 * (own[5] ?? 0) },
  ];
}

interface Sampled {
  readonly effect: Effect;
  readonly split: string;
  readonly place: number;
  readonly temperature: number;
  readonly ids: readonly string[];
  readonly seedShift: number;
  readonly stream: number;
}

function sampledMeasurements({ effect, split, place, temperature, ids, seedShift, stream }: Sampled): Measurement[] {
  const difficulty = normals(77 + place, ids.length); // the same for every arm and seed
  const noise = normals(stream + place * 10 + temperature * 4, ids.length);
  const cooling = 1.15 - 0.25 * temperature - 0.1 * place;
  const of = (value: (prompt: number) => number): Measurement['perPrompt'] => ({
    prompts: ids.map((id) => `${split}-${id}`),
    values: ids.map((_, prompt) => value(prompt)),
  });
  const at = { split, temperature };
  const kl = effect.kl * (0.8 + 0.2 * temperature);
  return [
    {
      metric: 'goldReward',
      ...at,
      perPrompt: of(
        (p) => cooling * (effect.reward + 0.3) + seedShift + 0.15 * (difficulty[p] ?? 0) + 0.1 * (noise[p] ?? 0),
      ),
    },
    { metric: 'kl', ...at, perPrompt: of((p) => kl * Math.exp(0.2 * (noise[p] ?? 0))) },
    { metric: 'latentDistance', ...at, perPrompt: of((p) => 0.1 * Math.sqrt(kl) * Math.exp(0.1 * (noise[p] ?? 0))) },
  ];
}

function simulateCurves(effect: Effect, stream: number): Record<string, Curve> {
  const noise = normals(stream + 5000, STEPS);
  const steps = Array.from({ length: STEPS }, (_, index) => index + 1);
  const curve = (value: (progress: number, noise: number) => number): Curve => ({
    steps,
    values: steps.map((step, index) => value(step / STEPS, noise[index] ?? 0)),
  });
  return {
    loss: curve((t, e) => 0.69 * Math.exp(-t * (0.6 + effect.reward)) + 0.02 * e),
    'rewards/accuracies': curve((t, e) => Math.min(1, 0.5 + 0.4 * (1 - Math.exp(-4 * t)) + 0.03 * e)),
    'rewards/margins': curve((t, e) => effect.reward * 3 * t + 0.05 * e),
    'kl/policy_reference': curve((t, e) => Math.max(0, effect.kl * t + 0.2 * e)),
    grad_norm: curve((t, e) => 1.5 - t + 0.1 * Math.abs(e)),
  };
}

function simulateFrontier(effect: Effect, stream: number): FrontierPoint[] {
  const noise = normals(stream + 9000, 13);
  return Array.from({ length: 13 }, (_, index) => {
    const kl = (effect.kl * index) / 12;
    const reward = 0.3 + effect.reward * 1.6 * (1 - Math.exp(-kl / 3)) - 0.012 * kl + 0.01 * (noise[index] ?? 0);
    return { step: index * 10, kl, reward: index === 0 ? 0.3 : reward };
  });
}

function simulateSamples(arms: readonly string[]): SampleAnswers[] {
  const prompts = ['sort: 5 2 9 1 =>', 'close: ( [ { =>', 'Write a line of HTML: <b>bold</b> & "quoted"'];
  return prompts.map((prompt, index) => ({
    prompt,
    split: index === 2 ? 'shifted' : 'heldout',
    ...(index === 0 ? { reference: '1 2 5 9' } : {}),
    before: TEMPERATURES.map((temperature) => ({ temperature, text: index === 0 ? '2 5 1' : '} ] ) ) ]' })),
    after: arms.flatMap((arm) =>
      TEMPERATURES.map((temperature) => ({
        arm,
        seed: 1,
        temperature,
        text:
          index === 2 ? `<script>alert("${arm}")</script> T=${temperature} & so on` : index === 0 ? '1 2 5 9' : '} ] )',
      })),
    ),
  }));
}

/** `count` standard normal numbers of one stream (Box & Muller). */
export function normals(stream: number, count: number): number[] {
  const words = randomWords(2024, stream, 2 * count);
  return Array.from({ length: count }, (_, index) => {
    const [radius, angle] = [((words[2 * index] ?? 0) + 1) / 2 ** 32, (words[2 * index + 1] ?? 0) / 2 ** 32];
    return Math.sqrt(-2 * Math.log(radius)) * Math.cos(2 * Math.PI * angle);
  });
}
