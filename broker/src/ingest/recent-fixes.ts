const KEPT = 16;

/**
 * Keys of the fixes of one device that were stored last, so that what a device repeats costs no commit [P2].
 * What is not among them may still be stored: the database decides.
 */
export class RecentFixes {
  #keys: number[] = [];
  #next = 0;

  has(fixedAtMs: number, seq: number): boolean {
    for (let i = 0; i < this.#keys.length; i += 2) {
      if (this.#keys[i] === fixedAtMs && this.#keys[i + 1] === seq) return true;
    }
    return false;
  }

  add(fixedAtMs: number, seq: number): void {
    this.#keys[this.#next] = fixedAtMs;
    this.#keys[this.#next + 1] = seq;
    this.#next = (this.#next + 2) % (KEPT * 2);
  }
}
