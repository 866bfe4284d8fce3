/** Runs after which memory that nobody took again is given back. */
const MOST_IDLE_RUNS = 16;

interface Idle {
  readonly buffer: ArrayBuffer;
  readonly since: number;
}

/**
 * Memory of released tensors, kept by size for the outputs of the next runs: fresh memory would have to be cleared and
 * mapped page by page every time.
 */
export class BufferPool {
  readonly #idle = new Map<number, Idle[]>();
  #runs = 0;

  /** Bytes that wait to be used again. */
  get idleBytes(): number {
    return [...this.#idle].reduce((sum, [size, buffers]) => sum + size * buffers.length, 0);
  }

  /** Memory of exactly that size; its contents are arbitrary. */
  take(byteLength: number): ArrayBuffer {
    return this.#idle.get(byteLength)?.pop()?.buffer ?? new ArrayBuffer(byteLength);
  }

  give(buffer: ArrayBuffer): void {
    const buffers = this.#idle.get(buffer.byteLength);
    const idle = { buffer, since: this.#runs };
    if (buffers === undefined) this.#idle.set(buffer.byteLength, [idle]);
    else buffers.push(idle);
  }

  /** Counts a run, and forgets what has been idle for many. */
  countRun(): void {
    this.#runs++;
    for (const [size, buffers] of this.#idle) {
      const kept = buffers.filter(({ since }) => this.#runs - since <= MOST_IDLE_RUNS);
      if (kept.length === 0) this.#idle.delete(size);
      else if (kept.length < buffers.length) this.#idle.set(size, kept);
    }
  }

  clear(): void {
    this.#idle.clear();
  }
}
