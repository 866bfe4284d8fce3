import type { EngineChoice } from '../backends/engines.ts';
import type { ShapeName } from './shapes.ts';
import type { BatchSize, GenerationWork, PeerWork, StepWork, Work } from './work.ts';

/** One of the things that a case compares. */
export interface Side {
  readonly name: string;
  readonly work: Work;
}

export interface Case {
  readonly name: string;
  /** What the figures tell. */
  readonly description: string;
  /** The first side is what the others are compared to. */
  readonly sides: readonly Side[];
  /** For a case of growth: what is on the x axis, for each side. */
  readonly growth?: { readonly axis: string; readonly x: readonly number[] };
  /** How often each side runs, in turn. */
  readonly rounds: number;
}

export interface CaseContext {
  /** Engines that were found. */
  readonly engines: readonly EngineChoice[];
  /** The engine of cases that do not compare engines. */
  readonly engine: Pick<EngineChoice, 'backend' | 'options'>;
  /** Measured steps besides the warm-up. */
  readonly steps: number;
}

export const WARM_UP_STEPS = 2;

const PAIRS_OF_128: BatchSize = { pairs: 4, prompt: 128, completion: 128 };

const step = (
  { engine, steps }: CaseContext,
  shape: ShapeName,
  size: BatchSize = PAIRS_OF_128,
  part: Partial<StepWork> = {},
): StepWork => ({
  kind: 'step',
  shape,
  engine,
  regularizers: ['none'],
  precompute: false,
  rematerialize: false,
  lora: 0,
  steps: steps + WARM_UP_STEPS,
  ...size,
  ...part,
});

const trl = ({ steps }: CaseContext, shape: ShapeName, size: BatchSize = PAIRS_OF_128, lora = 0): PeerWork => ({
  kind: 'peer',
  script: 'trl_dpo',
  shape,
  lora,
  steps: steps + WARM_UP_STEPS,
  ...size,
});

const againstTrl =
  (shape: ShapeName, size?: BatchSize) =>
  (context: CaseContext): Side[] => [
    { name: 'TRL', work: trl(context, shape, size) },
    { name: 'Tether', work: step(context, shape, size) },
  ];

const engineSides =
  (shape: ShapeName) =>
  (context: CaseContext): Side[] =>
    context.engines.map((engine) => ({
      name: `${engine.backend} ${engine.engine}`,
      work: step(context, shape, PAIRS_OF_128, { engine }),
    }));

const GENERATION: BatchSize = { pairs: 8, prompt: 64, completion: 64 };
const TOKENS = [256, 512, 1024, 2048, 4096] as const;
const BATCHES = [1, 2, 4, 8, 16] as const;

interface CaseDefinition {
  readonly description: string;
  readonly rounds: number;
  readonly sides: (context: CaseContext) => Side[];
  readonly growth?: Case['growth'];
}

/** Every case by its name. */
const DEFINITIONS: Readonly<Record<string, CaseDefinition>> = {
  check: {
    description: 'a model of no use, to see that the benchmark works',
    rounds: 1,
    sides: (context) => [
      { name: 'none', work: step(context, 'tiny', { pairs: 2, prompt: 16, completion: 16 }) },
      {
        name: 'kl',
        work: step(context, 'tiny', { pairs: 2, prompt: 16, completion: 16 }, { regularizers: ['kl'] }),
      },
    ],
  },
  'trl-15m': { description: 'DPO step of 15 M parameters against TRL', rounds: 2, sides: againstTrl('tiny15') },
  'trl-135m': { description: 'DPO step of 135 M parameters against TRL', rounds: 2, sides: againstTrl('smol135') },
  'trl-long-prompt': {
    description: 'prompts of 2,000 tokens with completions of 32, 135 M parameters, against TRL',
    rounds: 1,
    sides: againstTrl('smol135', { pairs: 1, prompt: 2000, completion: 32 }),
  },
  'lora-135m': {
    description: 'DPO step of 135 M parameters with adapters of rank 16 against TRL with PEFT',
    rounds: 2,
    sides: (context) => [
      { name: 'TRL + PEFT', work: trl(context, 'smol135', PAIRS_OF_128, 16) },
      { name: 'Tether', work: step(context, 'smol135', PAIRS_OF_128, { lora: 16 }) },
    ],
  },
  'engines-15m': {
    description: 'DPO step of 15 M parameters on every engine',
    rounds: 1,
    sides: engineSides('tiny15'),
  },
  'engines-135m': {
    description: 'DPO step of 135 M parameters on every engine',
    rounds: 1,
    sides: engineSides('smol135'),
  },
  'regularizers-15m': regularizers('tiny15'),
  'regularizers-135m': regularizers('smol135'),
  'precompute-135m': {
    description: 'DPO step of 135 M parameters with the reference inline or computed beforehand',
    rounds: 1,
    sides: (context) => [
      { name: 'inline', work: step(context, 'smol135') },
      { name: 'precomputed', work: step(context, 'smol135', PAIRS_OF_128, { precompute: true }) },
    ],
  },
  'rematerialize-135m': {
    description: 'DPO step of 135 M parameters keeping activations or computing them again',
    rounds: 1,
    sides: (context) => [
      { name: 'keep', work: step(context, 'smol135') },
      { name: 'rematerialize', work: step(context, 'smol135', PAIRS_OF_128, { rematerialize: true }) },
    ],
  },
  'generate-135m': {
    description: 'sampling 64 tokens after 64 for 8 prompts, 135 M parameters, against transformers',
    rounds: 2,
    sides: ({ engine, steps }) => {
      const size = { ...GENERATION, shape: 'smol135', steps: steps + WARM_UP_STEPS } as const;
      return [
        {
          name: 'transformers',
          work: { ...size, kind: 'peer', script: 'transformers_generate', lora: 0 } satisfies PeerWork,
        },
        { name: 'Tether', work: { ...size, kind: 'generation', engine } satisfies GenerationWork },
      ];
    },
  },
  'growth-tokens': {
    description: 'seconds of a 15 M step against tokens of a row, one pair',
    rounds: 1,
    growth: { axis: 'tokens', x: TOKENS },
    sides: (context) =>
      TOKENS.map((tokens) => ({
        name: `${tokens} tokens`,
        work: step(context, 'tiny15', { pairs: 1, prompt: tokens / 2, completion: tokens / 4 }),
      })),
  },
  'growth-batch': {
    description: 'seconds of a 15 M step against pairs of a batch',
    rounds: 1,
    growth: { axis: 'pairs', x: BATCHES },
    sides: (context) =>
      BATCHES.map((pairs) => ({ name: `${pairs} pairs`, work: step(context, 'tiny15', { ...PAIRS_OF_128, pairs }) })),
  },
};

function regularizers(shape: 'tiny15' | 'smol135'): CaseDefinition {
  const size = shape === 'tiny15' ? '15 M' : '135 M';
  return {
    description: `DPO step of ${size} parameters with each regularizer`,
    rounds: 2,
    sides: (context) =>
      ['none', 'kl', 'ganpo'].map((name) => ({
        name,
        work: step(context, shape, PAIRS_OF_128, { regularizers: [name] }),
      })),
  };
}

export const CASE_NAMES = Object.keys(DEFINITIONS);

/** @throws RangeError for a name that is not in CASE_NAMES */
export function makeCase(name: string, context: CaseContext): Case {
  const definition = DEFINITIONS[name];
  if (definition === undefined) throw new RangeError(`no case "${name}"`);
  const { description, rounds, growth, sides } = definition;
  return { name, description, rounds, sides: sides(context), ...(growth === undefined ? {} : { growth }) };
}

export const describeCases = (): string[] =>
  Object.entries(DEFINITIONS).map(([name, { description }]) => `${name.padEnd(20)} ${description}`);
