export { CheckpointError } from './errors.ts';
export type { FloatDtype, StoredArrays, StoredDtype } from './dtypes.ts';
export { openSafetensors, readSafetensors, writeSafetensors } from './safetensors.ts';
export type { SafetensorsFile, StoredTensor, TensorEntry } from './safetensors.ts';
export { openCheckpoint } from './readFolder.ts';
export type { CheckpointReader } from './readFolder.ts';
export { readTokenizerFiles, saveCheckpoint } from './saveFolder.ts';
export type { CheckpointTensor, SaveOptions } from './saveFolder.ts';
