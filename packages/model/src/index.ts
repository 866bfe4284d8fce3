export * from './checkpoint/index.ts';
export * from './config/index.ts';
export * from './tokenizer/index.ts';
export * from './blocks/index.ts';
export * from './head/index.ts';
export * from './llama/index.ts';
export * from './generation/index.ts';
