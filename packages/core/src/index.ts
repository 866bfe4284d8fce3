export * from './contracts/index.ts';
export * from './optimizer/index.ts';
export * from './random/index.ts';
export * from './step/index.ts';
export * from './training/index.ts';
export * from './views/index.ts';
