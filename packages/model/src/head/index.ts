export { cappedLogProb } from './cappedLogProb.ts';
export { linearHead, type LinearHeadOptions } from './linearHead.ts';
