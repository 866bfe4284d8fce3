import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { DataError } from '../errors.ts';
import type { RawRow } from './row.ts';
import { readProblem } from './text.ts';

/** Reads a file's ranges through one open handle. */
async function randomAccess(file: FileHandle): Promise<AsyncBuffer> {
  const { size } = await file.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      if (bytesRead < bytes.length) throw new Error(`the file ends at byte ${start + bytesRead}`);
      return bytes.buffer;
    },
  };
}

/** Row groups as half-open ranges of rows. */
function rowGroups({ row_groups: groups }: FileMetaData): { readonly from: number; readonly to: number }[] {
  let from = 0;
  return groups.map(({ num_rows: rows }) => {
    const group = { from, to: from + Number(rows) };
    from = group.to;
    return group;
  });
}

/**
 * The rows of a Parquet file, one row group in memory at a time.
 * @throws DataError when the file is not Parquet, is cut off, or uses a feature that the library does not know.
 */
export async function* readParquet(path: string): AsyncGenerator<RawRow> {
  const file = await open(path).catch((error: unknown) => {
    throw readProblem(path, error);
  });
  try {
    // Loaded when needed: most data is JSON, and a start should not wait for decompressors.
    const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
    const { compressors } = await import('hyparquet-compressors');
    const bytes = await randomAccess(file);
    const metadata = await parquetMetadataAsync(bytes);
    for (const { from, to } of rowGroups(metadata)) {
      const rows = await parquetReadObjects({ file: bytes, metadata, compressors, rowStart: from, rowEnd: to });
      for (const [index, value] of rows.entries()) yield { rowNumber: from + index + 1, value };
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`${path}: cannot be read as Parquet: ${reason}`, { cause: error });
  } finally {
    await file.close();
  }
}
