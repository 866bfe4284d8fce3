const FIRST_CAPACITY = 1024;

/** A list of numbers in a typed array that doubles when it is full: 4 or 8 bytes a number. */
export class GrowingArray<Values extends Int32Array | Float64Array> {
  readonly #make: (length: number) => Values;
  #values: Values;
  #length = 0;

  constructor(make: (length: number) => Values) {
    this.#make = make;
    this.#values = make(FIRST_CAPACITY);
  }

  get length(): number {
    return this.#length;
  }

  add(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = this.#make(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  at(index: number): number {
    return this.#values[index]!;
  }

  /** A view of the list so far; adding may leave it behind. */
  values(): Values {
    return this.#values.subarray(0, this.#length) as Values; // of the same class
  }
}

export const growingInts = () => new GrowingArray((length) => new Int32Array(length));
export const growingNumbers = () => new GrowingArray((length) => new Float64Array(length));
