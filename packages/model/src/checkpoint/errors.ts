/** A file of a checkpoint that cannot be read or written. The message names the file and, where there is one, the tensor. */
export class CheckpointError extends Error {
  readonly path: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path}: ${problem}`, options);
    this.name = 'CheckpointError';
    this.path = path;
  }
}

/** Turns a failed file operation into a CheckpointError that says what was being done, in words a person knows. */
export function fileError(path: string, action: 'read' | 'written', error: unknown): CheckpointError {
  if (error instanceof CheckpointError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = REASONS[code] ?? (error instanceof Error ? error.message : String(error));
  return new CheckpointError(path, `cannot be ${action}: ${reason}`, { cause: error });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder, not a file',
  ENOTDIR: 'part of its path is a file, not a folder',
  ENOSPC: 'no space is left on the device',
  EROFS: 'the file system is read-only',
};
