/** A list of doubles that grows in one typed array. */
export class GrowableFloat64 {
  #values: Float64Array;
  #length = 0;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  /** The value at a position below `length`. */
  at(position: number): number {
    return this.#values[position] as number;
  }

  toArray(): Float64Array {
    return this.#values.slice(0, this.#length);
  }
}

/** A list of 32-bit integers that grows in one typed array. */
export class GrowableInt32 {
  #values: Int32Array;
  #length = 0;

  constructor(capacity: number) {
    this.#values = new Int32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Int32Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  toArray(): Int32Array {
    return this.#values.slice(0, this.#length);
  }
}
