export { findGguf, openGgufCheckpoint, readGgufConfig } from './folder.ts';
