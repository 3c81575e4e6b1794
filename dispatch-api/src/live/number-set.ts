import { grown } from "./device-columns.ts";

/** A set of row numbers that is filled row by row and emptied at once: a flag a row and a list. */
export class NumberSet {
  #flags = new Uint8Array(1024);
  #numbers: number[] = [];

  get size(): number {
    return this.#numbers.length;
  }

  add(no: number): void {
    if (no >= this.#flags.length) {
      this.#flags = grown(this.#flags, new Uint8Array(2 ** Math.ceil(Math.log2(no + 1))));
    }
    if (this.#flags[no] === 1) return;
    this.#flags[no] = 1;
    this.#numbers.push(no);
  }

  /** All numbers, in the order they came; the set is empty then. */
  take(): number[] {
    const numbers = this.#numbers;
    for (const no of numbers) this.#flags[no] = 0;
    this.#numbers = [];
    return numbers;
  }
}
