export * from './backend.ts';
export * from './batch.ts';
export * from './model.ts';
export * from './plugins.ts';
export * from './signature.ts';
export * from './tensorHandle.ts';
export * from './views.ts';
