export { loraConfig, loraSchema, loraScale, type LoraConfig, type LoraOptions } from './config.ts';
export {
  isAdapterFolder,
  loadAdapterConfig,
  readAdapter,
  saveAdapter,
  tokenizerFolder,
  type LoadedAdapter,
  type SaveAdapterOptions,
} from './folder.ts';
export { initialAdapter, mergeAdapter } from './weights.ts';
