import { resolve } from 'node:path';

/** The repository, which these tests read as its users do. */
export const ROOT = resolve(import.meta.dirname, '../../../..');
