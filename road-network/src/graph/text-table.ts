/** Texts, each once; number 0 is the empty one. */
export class TextTable {
  readonly #numbers = new Map<string, number>([["", 0]]);

  add(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
    }
    return number;
  }

  list(): string[] {
    return [...this.#numbers.keys()];
  }
}
