import type { HostArray, LanguageModel } from '@tether/core';
import type { TextTokenizer as DataTokenizer } from '@tether/data';
import type { CachedModel } from '@tether/model';

export interface ModelOptions {
  readonly rematerialize: boolean;
  /** Folder of the reference, where it is not the model itself. */
  readonly reference?: string | undefined;
}

/** A model ready to be trained, with what is needed to save it in Hugging Face's form. */
export interface PreparedModel {
  /** Where it came from, for records and messages. */
  readonly origin: string;
  readonly model: LanguageModel & CachedModel;
  readonly weights: ReadonlyMap<string, HostArray>;
  /** The reference's weights, where they are not those of the model. */
  readonly referenceWeights?: ReadonlyMap<string, HostArray>;
  readonly tokenizer: DataTokenizer;
  /** Ids that end an answer. */
  readonly eosTokenIds: readonly number[];
  /** Positions that the model was made for. */
  readonly maxLength: number;
  readonly configJson: Readonly<Record<string, unknown>>;
  readonly generationJson: Readonly<Record<string, unknown>> | undefined;
  readonly tokenizerFiles: ReadonlyMap<string, string | Uint8Array>;
}
