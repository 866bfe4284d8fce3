import { BackendError, NonFiniteError } from '@tether/core';
import { DataError } from '@tether/data';
import { CheckpointError, ModelConfigError, TokenizerError } from '@tether/model';
import { PluginError } from '../composition/pluginRegistry.ts';
import { ConfigError } from '../config/problems.ts';
import { InterruptedError } from '../run/interrupted.ts';
import { RunError } from '../run/prepare.ts';
import { RunFolderError } from '../run/runFolder.ts';

/** An error as it crosses from a run's process to its parent. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  /** For errors that are bugs, not the user's. */
  readonly stack?: string;
}

/** A run that failed in a process of its own. */
export class RunFailure extends Error {
  override readonly name = 'RunFailure';
  readonly plain: PlainError;

  constructor(plain: PlainError) {
    super(plain.message);
    this.plain = plain;
  }
}

/** Errors whose message says all that a user needs: shown without a stack. */
const EXPECTED = [
  BackendError,
  CheckpointError,
  ConfigError,
  DataError,
  InterruptedError,
  ModelConfigError,
  NonFiniteError,
  PluginError,
  RunError,
  RunFolderError,
  TokenizerError,
] as const;

/** Failures of the operating system that a user can do something about. */
const SYSTEM_CODES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
};

export function toPlainError(error: unknown): PlainError {
  if (error instanceof RunFailure) return error.plain;
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  if (EXPECTED.some((kind) => error instanceof kind)) return { name: error.name, message: error.message };
  const { code, path } = error as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : SYSTEM_CODES[code];
  if (known !== undefined) return { name: error.name, message: `${known}${path === undefined ? '' : `: ${path}`}` };
  return { name: error.name, message: error.message, ...(error.stack === undefined ? {} : { stack: error.stack }) };
}
