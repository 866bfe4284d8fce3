export * from './checkpoint/index.ts';
export * from './config/index.ts';
export * from './tokenizer/index.ts';
export * from './blocks/index.ts';
export * from './head/index.ts';
export * from './transformer/index.ts';
export * from './languageModel.ts';
export * from './generation/index.ts';
