import type { DivergenceKind, Graph, Shape, Tensor } from '@tether/graph';
import type { z } from 'zod';
import type { Availability, Backend } from './backend.ts';
import type { Parameters } from './model.ts';
import type { BatchViews, LossResult, Metrics } from './views.ts';

/** What a plugin needs of the step, as data: nothing is computed that no plugin of the run asked for. */
export type Need =
  | 'rejected' // sides to compare (pairs, or unpaired rows where the plugin takes them), not completions to imitate
  | 'referenceLogps'
  | 'referencePredictorStates'
  | 'mismatchedLogps' // of completions under the prompts of other rows, by both models
  | 'latents'
  | 'referenceLatents'
  | 'paddedViews' // views that carry the hidden states of padding, as separate padded rows would
  | 'weights' // the trained parameters themselves, with their initial values
  | `divergence/${DivergenceKind}`; // of the policy's next-token distributions from the reference's

interface PluginBase<Config> {
  /** The name that configs use. Metrics start with it; no other name of the engine's does, so that any name will do. */
  readonly name: string;
  /** One line for `tether plugins`. */
  readonly description: string;
  /** Options with defaults and `.describe()` texts; an object schema. */
  readonly config: z.ZodType<Config>;
}

interface LossPlugin<Config> extends PluginBase<Config> {
  needs(config: Config): readonly Need[];
  /**
   * Whether rows may lack one side: unpaired data, with one completion a row and a label. Such a plugin weighs sides by
   * `views.present`, or takes means that do. Without it, unpaired data is refused in the plugin's name.
   */
  readonly takesUnpaired?: boolean;
}

export interface Objective<Config = unknown> extends LossPlugin<Config> {
  readonly kind: 'objective';
  /** Pure: builds the loss of a batch. */
  loss(views: BatchViews, config: Config): LossResult;
}

/** How a fresh tensor is filled; `seed` comes from the run and the tensor's name. */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly standardDeviation: number }
  /** Uniform in ±√(6 / (fanIn + fanOut)) (Glorot & Bengio 2010), of a matrix [fanOut, fanIn]. */
  | { readonly kind: 'xavierUniform' }
  /** Normal direction scaled to length 1: start vectors of power iterations. */
  | { readonly kind: 'unitVector' };

export interface NetworkTensor {
  readonly shape: Shape;
  readonly initializer: Initializer;
}

/** Extra trainable networks and persistent state of a regularizer. Names are free; the engine prefixes them. */
export interface NetworkSpec {
  readonly parameters: Readonly<Record<string, NetworkTensor>>;
  /** Not trained, but kept and checkpointed: running means, power-iteration vectors. */
  readonly state: Readonly<Record<string, NetworkTensor>>;
}

export type NetworkTensors = Readonly<Record<string, Tensor>>;

/** Static sizes for `networks`. */
export interface NetworkDims {
  readonly hiddenSize: number;
  readonly vocabularySize: number;
}

/**
 * The model's trained parameters by their checkpoint names, and what to compare them with, without gradient: what they were
 * before training, or, where the run's reference is a model of its own (`model.reference`), that model's.
 */
export interface WeightViews {
  readonly trained: Parameters;
  readonly initial: Parameters;
}

export interface PenaltyContext<Config> {
  /** The regularizer's name in this run (numbered where one is used twice): what its metrics start with. */
  readonly key: string;
  readonly views: BatchViews;
  readonly config: Config;
  readonly parameters: NetworkTensors;
  readonly state: NetworkTensors;
  /**
   * Scalar i32 that changes every batch, of this regularizer alone: feed it to `randomBits`. The opponent and the penalty
   * share it: draws that are to be independent take different streams of it.
   */
  readonly seed: Tensor;
  /** Present where the regularizer needs them; `requireWeights(context)` otherwise throws. */
  readonly weights?: WeightViews | undefined;
}

export interface OpponentResult {
  readonly loss: Tensor; // scalar f32
  readonly metrics?: Metrics;
  readonly gauges?: Metrics;
  /** New values of (some of) the state. */
  readonly state?: NetworkTensors;
}

export interface OpponentOptimizer {
  /** Times the policy's scheduled learning rate. */
  readonly learningRateRatio: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Global-norm clipping of the opponent's gradients; 0 for none. */
  readonly maxGradNorm: number;
}

/**
 * A second loss, minimized over the regularizer's own networks before the policy's gradient is taken. It is also where
 * state is kept: a regularizer with state and no networks to train (a running mean) has an opponent whose loss may be a
 * constant, and whose optimizer is not used.
 */
export interface Opponent<Config> {
  optimizer(config: Config): OpponentOptimizer;
  /** Pure. The engine stops the gradient to the policy and its weights; state it returns is what `penalty` then sees. */
  loss(context: PenaltyContext<Config>): OpponentResult;
}

export interface Regularizer<Config = unknown> extends LossPlugin<Config> {
  readonly kind: 'regularizer';
  networks?(dims: NetworkDims, config: Config): NetworkSpec;
  readonly opponent?: Opponent<Config>;
  /**
   * Pure: builds the penalty, which the engine multiplies by the scheduled weight. No gradient of it reaches `parameters`
   * and `state`. In the last micro-batch of an optimizer step they are those after the opponent's step; in those before,
   * whose gradients add up to it, the parameters are still the old ones, and the state is the new one.
   */
  penalty(context: PenaltyContext<Config>): LossResult;
}

/** One of the engines that a backend can run on, and the options that ask for exactly it. */
export interface BackendEngine {
  /** Short, for tables: `webgpu`, `cuda`. */
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface InstallOptions {
  /** Interpreter or environment whose pip fetches wheels. */
  readonly python?: string;
  /** In place of the user's cache folder. */
  readonly folder?: string;
}

/** The time that one operation of a program took in its last run. */
export interface ProfiledOperation {
  /** What the program was compiled as. */
  readonly program: string;
  /** As the engine calls it. */
  readonly operator: string;
  /** The scope in which the graph's operation was made. */
  readonly scope: string;
  /** File and line that made it, where the graph was traced with `captureSources`. */
  readonly source?: string;
  readonly seconds: number;
}

/** How a backend tells what its time goes into. */
export interface BackendProfiling {
  /** Options that make every program leave a trace in a folder when it is disposed of. */
  options(folder: string): Readonly<Record<string, unknown>>;
  read(folder: string): Promise<readonly ProfiledOperation[]>;
}

/** Something that a backend needs and can fetch, as `tether backends install <name>` knows it. */
export interface BackendInstaller {
  readonly name: string;
  /** For whom it is. */
  readonly description: string;
  /**
   * Fetches it and tries it. Nothing is left half-done.
   *
   * @returns what was installed where, in words
   * @throws BackendError telling what is missing
   */
  install(options: InstallOptions): Promise<string>;
}

export interface BackendPlugin<Config = unknown> extends PluginBase<Config> {
  readonly kind: 'backend';
  /** Without it, the backend's defaults are its only engine. */
  readonly engines?: readonly BackendEngine[];
  readonly installers?: readonly BackendInstaller[];
  readonly profiling?: BackendProfiling;
  /** Bytes of intermediate results and outputs that the engine holds at most while it runs a graph, without running it. */
  readonly peakIntermediateBytes?: (graph: Graph) => number;
  availability(config: Config): Promise<Availability>;
  create(config: Config): Promise<Backend>;
}

export type Plugin = Objective | Regularizer | BackendPlugin;
export type PluginKind = Plugin['kind'];

/**
 * Give a manifest its precise types. The result's config type is erased, so that plugins of all kinds can be kept in
 * one list: the engine hands each plugin only what its own schema parsed.
 */
export const defineObjective = <Config>(plugin: Omit<Objective<Config>, 'kind'>): Objective => ({
  ...plugin,
  kind: 'objective',
});
export const defineRegularizer = <Config>(plugin: Omit<Regularizer<Config>, 'kind'>): Regularizer => ({
  ...plugin,
  kind: 'regularizer',
});
export const defineBackend = <Config>(plugin: Omit<BackendPlugin<Config>, 'kind'>): BackendPlugin => ({
  ...plugin,
  kind: 'backend',
});
