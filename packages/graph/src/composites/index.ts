export * from './arithmetic.ts';
export * from './checkpoint.ts';
