import type koffiModule from 'koffi';

export type Koffi = typeof koffiModule;
export type SystemLibrary = ReturnType<Koffi['load']>;

/** A part of glibc, the C library of most Linux systems; undefined where there is another. */
export function glibcPart(koffi: Koffi, file: string): SystemLibrary | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return koffi.load(file);
  } catch {
    return undefined;
  }
}
