import { BUS_SILENCE_MS, type BusFrame, type Fix } from "@wufen/contract";
import { BusCursors, type Cursor } from "./bus-cursor.ts";
import type { LiveState } from "./live-state.ts";

/** Rows of bus frames held while the database is read; what comes beyond is read from the database too. */
export const HELD_ROWS_LIMIT = 200_000;
/** A broker that died may have had one commit under way: its last epoch is read again for so long, every silence interval. */
export const EPOCH_SETTLING_MS = 60_000;

type NumberedFrame = Exclude<BusFrame, { kind: "presence" }>;

/** The stored rows by number, as the follower needs them. */
export interface StoredRows {
  listEpochs(fromEpoch: number): Promise<readonly { readonly broker: number; readonly epoch: number }[]>;
  /** Some rows after n in the order of n; empty where the numbers next to n are not there. */
  readAfter(epoch: number, n: number): Promise<readonly (Fix & { readonly n: number })[]>;
  findNextNumber(epoch: number, n: number): Promise<number | undefined>;
}

/** Keeps the live state in step with the brokers: frames of the bus, and the database for whatever the bus did not bring. */
export class BusFollower {
  readonly cursors = new BusCursors();
  readonly #live: LiveState;
  readonly #rows: StoredRows;
  readonly #now: () => number;
  readonly #heardAtMs = new Map<number, number>();
  readonly #newEpochAtMs = new Map<number, number>();
  #announced = new Map<number, Cursor>();
  #held: NumberedFrame[] = [];
  #heldRows = 0;
  #reading: Promise<void> | undefined;
  #wanted = true;
  #readAtMs = 0;
  catchUps = 0;
  caughtUpRows = 0;

  constructor(live: LiveState, rows: StoredRows, now: () => number) {
    this.#live = live;
    this.#rows = rows;
    this.#now = now;
  }

  /** When each broker was last heard, ms. */
  get heardAtMs(): ReadonlyMap<number, number> {
    return this.#heardAtMs;
  }

  receive(frame: BusFrame): void {
    this.#heardAtMs.set(frame.broker, this.#now());
    if (frame.kind === "presence") this.#live.receivePresence(frame.changes, frame.broker);
    else if (this.#wanted || this.#reading !== undefined) this.#hold(frame);
    else this.#take(frame);
  }

  /**
   * Reads the database where something is missing, where a broker is silent, and for a while after a broker's new epoch. Rejects
   * where the database cannot be read; what is missing then stays wanted.
   */
  tick(): Promise<void> {
    const now = this.#now();
    const silent = [...this.#heardAtMs.values()].some((heardAtMs) => now - heardAtMs > BUS_SILENCE_MS);
    const settling = [...this.#newEpochAtMs.values()].some((atMs) => now - atMs < EPOCH_SETTLING_MS);
    const due = (silent || settling || this.#heardAtMs.size === 0) && now - this.#readAtMs > BUS_SILENCE_MS;
    return this.#wanted || due ? this.catchUp() : Promise.resolve();
  }

  /** Reads every row after the cursors; calls while one runs join it. */
  catchUp(): Promise<void> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
      if (!this.#wanted) this.#releaseHeld();
    });
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    this.#wanted = true;
    this.#readAtMs = this.#now();
    this.catchUps++;
    const announced = this.#announced;
    this.#announced = new Map();
    for (const { broker, epoch } of await this.#listEpochs(announced)) {
      if (this.cursors.findNumber(epoch) === undefined) {
        this.cursors.set({ broker, epoch, n: 0 });
        this.#newEpochAtMs.set(broker, this.#now());
      }
      await this.#drain(broker, epoch);
      // What was announced before the read and was not found is gone (retention): it is waited for no more.
      const n = announced.get(epoch)?.n ?? 0;
      if (n > (this.cursors.findNumber(epoch) ?? 0)) this.cursors.set({ broker, epoch, n });
    }
    for (const { broker, epoch } of this.cursors.list()) {
      const settled = this.#now() - (this.#newEpochAtMs.get(broker) ?? 0) >= EPOCH_SETTLING_MS;
      if (settled && epoch < (this.cursors.findNewestEpoch(broker) ?? epoch)) this.cursors.retire(epoch);
    }
    this.#wanted = false;
  }

  /** Every epoch that may have rows not taken yet, oldest first. */
  async #listEpochs(announced: ReadonlyMap<number, Cursor>): Promise<{ broker: number; epoch: number }[]> {
    const followed = this.cursors.list();
    const known = [...followed, ...announced.values()].map(({ epoch }) => epoch);
    const stored = await this.#rows.listEpochs(followed.length === 0 ? 0 : Math.min(...known));
    const all = new Map([...followed, ...announced.values()].map(({ broker, epoch }) => [epoch, { broker, epoch }]));
    for (const { broker, epoch } of stored) {
      // An epoch older than all that are followed of its broker was read to its end before.
      const older = followed.some((cursor) => cursor.broker === broker && cursor.epoch > epoch);
      if (!older && !this.cursors.isRetired(epoch)) all.set(epoch, { broker, epoch });
    }
    return [...all.values()].sort((a, b) => a.epoch - b.epoch);
  }

  async #drain(broker: number, epoch: number): Promise<void> {
    let n = this.cursors.findNumber(epoch) ?? 0;
    for (;;) {
      const rows = await this.#rows.readAfter(epoch, n);
      const last = rows.at(-1);
      if (last === undefined) {
        // Numbers have no holes, but retention drops old rows.
        const next = await this.#rows.findNextNumber(epoch, n);
        if (next === undefined) return;
        n = next - 1;
        continue;
      }
      this.#live.receive(rows);
      this.caughtUpRows += rows.length;
      n = last.n;
      this.cursors.set({ broker, epoch, n });
    }
  }

  #take(frame: NumberedFrame): void {
    const verdict = this.cursors.judge(frame);
    switch (verdict.kind) {
      case "known":
        return;
      case "gap":
        this.#announce(frame);
        this.#wanted = true;
        this.#hold(frame);
        // A failure shows at the next tick, which tries again.
        this.catchUp().catch(() => undefined);
        return;
      case "take": {
        if (frame.kind !== "fixes") return;
        this.#live.receive(verdict.skip === 0 ? frame.fixes : frame.fixes.slice(verdict.skip));
        const n = frame.firstN + frame.fixes.length - 1;
        this.cursors.set({ broker: frame.broker, epoch: frame.epoch, n });
        return;
      }
    }
  }

  /** Remembers up to which number rows are committed for certain: a read that begins later finds them, or nobody does. */
  #announce(frame: NumberedFrame): void {
    const { broker, epoch } = frame;
    const n = frame.kind === "heartbeat" ? frame.lastN : frame.firstN - 1;
    const before = this.#announced.get(epoch)?.n ?? 0;
    this.#announced.set(epoch, { broker, epoch, n: Math.max(n, before) });
  }

  #hold(frame: NumberedFrame): void {
    // A heartbeat says nothing that the frames before it or the next heartbeat do not say.
    if (frame.kind === "heartbeat") return;
    if (this.#heldRows + frame.fixes.length > HELD_ROWS_LIMIT) return;
    this.#held.push(frame);
    this.#heldRows += frame.fixes.length;
  }

  #releaseHeld(): void {
    const held = this.#held;
    this.#held = [];
    this.#heldRows = 0;
    for (const frame of held) {
      if (this.#wanted) this.#hold(frame);
      else this.#take(frame);
    }
  }
}
