export { linearHead } from './linearHead.ts';
