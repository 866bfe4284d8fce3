import { BackendError } from './backend.ts';

/**
 * From the making of a backend or an executable to its disposal: what is under way then is waited for, and whatever
 * comes later is refused.
 */
export class Lifetime {
  readonly #name: string;
  readonly #giveBack: () => void | Promise<void>;
  readonly #whole: Lifetime | undefined;
  readonly #parts = new Set<Lifetime>();
  readonly #underWay = new Set<Promise<unknown>>();
  #end: Promise<void> | undefined;

  /**
   * @param name      for messages
   * @param giveBack  called once, when nothing is under way any more
   * @param whole     what it is a part of, such as the backend of an executable: it ends with it at the latest
   */
  constructor(name: string, giveBack: () => void | Promise<void>, whole?: Lifetime) {
    this.#name = name;
    this.#giveBack = giveBack;
    this.#whole = whole;
    if (whole !== undefined) whole.#parts.add(this);
  }

  /** Whether work is refused. */
  get isOver(): boolean {
    return this.#end !== undefined || (this.#whole?.isOver ?? false);
  }

  /** Begins work at once. Rejects with a BackendError where it is too late for that. */
  during<T>(work: () => T | Promise<T>): Promise<T> {
    const underWay = Promise.try(() => {
      this.#check();
      return work();
    });
    this.#underWay.add(underWay);
    const settle = (): boolean => this.#underWay.delete(underWay);
    underWay.then(settle, settle);
    return underWay;
  }

  /** Refuses work from now on, waits for what is under way, ends the parts and gives back. */
  end(): Promise<void> {
    this.#end ??= this.#finish();
    return this.#end;
  }

  async #finish(): Promise<void> {
    await Promise.allSettled(this.#underWay); // whoever began them is told how they ended; they may make more parts
    await Promise.all([...this.#parts].map((part) => part.end()));
    await this.#giveBack();
    if (this.#whole !== undefined) this.#whole.#parts.delete(this);
  }

  #check(): void {
    if (this.#whole !== undefined) this.#whole.#check();
    if (this.#end !== undefined) throw new BackendError(`${this.#name} was disposed of`);
  }
}
