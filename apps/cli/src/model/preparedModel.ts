import type { HostArray, LanguageModel, ParameterSpec } from '@tether/core';
import type { TextTokenizer as DataTokenizer } from '@tether/data';
import type { CachedModel, LoraConfig, LoraOptions } from '@tether/model';

export interface ModelOptions {
  readonly rematerialize: boolean;
  /** Folder of the reference, where it is not the model itself. */
  readonly reference?: string | undefined;
  /** New adapters to train. */
  readonly adapter?: LoraOptions | undefined;
  /** Of the adapters' initial values. Default 0. */
  readonly seed?: number;
}

/** The adapters of a model whose own weights are frozen. */
export interface ModelAdapter {
  readonly config: LoraConfig;
  /** Folder of the model that they change. */
  readonly base: string;
  /** The parameters of that model. */
  readonly baseParameters: readonly ParameterSpec[];
}

/** A model ready to be trained, with what is needed to save it in Hugging Face's form. */
export interface PreparedModel {
  /** Where it came from, for records and messages. */
  readonly origin: string;
  readonly model: LanguageModel & CachedModel;
  /** Emptied when a run has uploaded them: the device has them then. */
  readonly weights: Map<string, HostArray>;
  /** The reference's weights, where they are not those of the model. */
  readonly referenceWeights?: Map<string, HostArray>;
  readonly adapter?: ModelAdapter;
  readonly tokenizer: DataTokenizer;
  /** Ids that end an answer. */
  readonly eosTokenIds: readonly number[];
  /** Positions that the model was made for. */
  readonly maxLength: number;
  readonly configJson: Readonly<Record<string, unknown>>;
  readonly generationJson: Readonly<Record<string, unknown>> | undefined;
  readonly tokenizerFiles: ReadonlyMap<string, string | Uint8Array>;
}
