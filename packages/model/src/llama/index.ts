export { llama, type LlamaOptions } from './llama.ts';
