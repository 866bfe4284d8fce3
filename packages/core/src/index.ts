export * from './contracts/index.ts';
export * from './views/index.ts';
