export * from './checkpoint/index.ts';
export * from './config/index.ts';
export * from './tokenizer/index.ts';
