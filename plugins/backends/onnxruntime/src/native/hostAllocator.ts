import { glibcPart } from './systemLibrary.ts';

/** `mallopt`'s name for the size from which a block is mapped by itself. */
const M_MMAP_THRESHOLD = -3;
/** Far below a weight's size, far above what comes and goes at every call. */
const THRESHOLD_BYTES = 256 * 2 ** 10;

/**
 * Has glibc give large blocks back to the system when they are freed. Left alone, it raises this threshold up to 32 MiB as
 * blocks are freed, and keeps below it what it gets back: the host's copies of the weights stayed resident through the
 * whole run, although the engine's arena, which never frees, had no use for them.
 */
export async function returnFreedBlocks(): Promise<void> {
  const { default: koffi } = await import('koffi');
  // Other C libraries do not have this habit.
  glibcPart(koffi, 'libc.so.6')?.func('mallopt', 'int', ['int', 'int'])(M_MMAP_THRESHOLD, THRESHOLD_BYTES);
}
