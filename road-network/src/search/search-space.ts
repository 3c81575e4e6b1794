const FAR = 0x7fff_ffff;

/**
 * Labels and queue of one shortest-path search over states with integer costs: a circular bucket queue (Dial 1969).
 * One search at a time; reset() costs what the last search touched, not the size of the graph.
 */
export class SearchSpace {
  /** Deciseconds of each state, FAR where it was not reached. */
  readonly timeDs: Int32Array;
  /** The state it was reached from, −1 at the start. */
  readonly parent: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #heads: Int32Array;
  readonly #mask: number;
  readonly #touched: Int32Array;
  #touchedCount = 0;
  #queued = 0;
  #cursorDs = 0;

  /** @param longestStepDs no step of the search is longer, and no start label is */
  constructor(stateCount: number, longestStepDs: number) {
    let ring = 1024;
    while (ring <= longestStepDs + 1) ring *= 2;
    this.timeDs = new Int32Array(stateCount).fill(FAR);
    this.parent = new Int32Array(stateCount);
    this.#next = new Int32Array(stateCount);
    this.#previous = new Int32Array(stateCount);
    this.#heads = new Int32Array(ring).fill(-1);
    this.#mask = ring - 1;
    this.#touched = new Int32Array(stateCount);
  }

  isReached(state: number): boolean {
    return this.timeDs[state] !== FAR;
  }

  /** Lowers a state's label, if it is lower. */
  reach(state: number, timeDs: number, parent: number): void {
    const old = this.timeDs[state] as number;
    if (timeDs >= old) return;
    if (old === FAR) {
      this.#touched[this.#touchedCount++] = state;
      this.#queued++;
    } else this.#unlink(state, old);
    this.timeDs[state] = timeDs;
    this.parent[state] = parent;
    const slot = timeDs & this.#mask;
    const head = this.#heads[slot] as number;
    this.#next[state] = head;
    this.#previous[state] = -1;
    if (head >= 0) this.#previous[head] = state;
    this.#heads[slot] = state;
  }

  /** Takes the nearest state out of the queue, or −1 where there is none. */
  settle(): number {
    if (this.#queued === 0) return -1;
    let slot = this.#cursorDs & this.#mask;
    while ((this.#heads[slot] as number) < 0) slot = ++this.#cursorDs & this.#mask;
    const state = this.#heads[slot] as number;
    const next = this.#next[state] as number;
    this.#heads[slot] = next;
    if (next >= 0) this.#previous[next] = -1;
    this.#queued--;
    return state;
  }

  /** States with a label, in the order they were first reached; they may still be in the queue. */
  *reached(): Generator<number> {
    for (let i = 0; i < this.#touchedCount; i++) yield this.#touched[i] as number;
  }

  reset(): void {
    for (let i = 0; i < this.#touchedCount; i++) {
      const state = this.#touched[i] as number;
      this.#heads[(this.timeDs[state] as number) & this.#mask] = -1;
      this.timeDs[state] = FAR;
    }
    this.#touchedCount = 0;
    this.#queued = 0;
    this.#cursorDs = 0;
  }

  #unlink(state: number, timeDs: number): void {
    const next = this.#next[state] as number;
    const previous = this.#previous[state] as number;
    if (next >= 0) this.#previous[next] = previous;
    if (previous >= 0) this.#next[previous] = next;
    else this.#heads[timeDs & this.#mask] = next;
  }
}
