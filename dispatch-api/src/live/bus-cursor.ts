import type { BusFrame } from "@wufen/contract";

/** Up to which row of each broker process the live state stands. */
export interface Cursor {
  readonly broker: number;
  readonly epoch: number;
  readonly n: number;
}

/** What to do with a frame of fixes: take its rows from `skip` on, leave it, or read the database first. */
export type FrameVerdict = { readonly kind: "take"; readonly skip: number } | { readonly kind: "known" | "gap" };

/** The cursors of all brokers. A broker's rows are numbered without holes within an epoch; a new epoch is a new process. */
export class BusCursors {
  readonly #cursors = new Map<number, Cursor>();
  /** Epochs read to their end long after their process died: remembered, but neither read nor saved any more. */
  readonly #retired = new Map<number, Cursor>();

  set(cursor: Cursor): void {
    this.#retired.delete(cursor.epoch);
    this.#cursors.set(cursor.epoch, cursor);
  }

  /** Number of the last row taken of an epoch; undefined: the epoch is not known. */
  findNumber(epoch: number): number | undefined {
    return (this.#cursors.get(epoch) ?? this.#retired.get(epoch))?.n;
  }

  retire(epoch: number): void {
    const cursor = this.#cursors.get(epoch);
    if (cursor === undefined) return;
    this.#cursors.delete(epoch);
    this.#retired.set(epoch, cursor);
  }

  isRetired(epoch: number): boolean {
    return this.#retired.has(epoch);
  }

  /** Newest epoch of a broker that is followed; undefined: none. */
  findNewestEpoch(broker: number): number | undefined {
    const epochs = this.list().flatMap((cursor) => (cursor.broker === broker ? [cursor.epoch] : []));
    return epochs.length === 0 ? undefined : Math.max(...epochs);
  }

  /** All that are followed. */
  list(): Cursor[] {
    return [...this.#cursors.values()];
  }

  judge(frame: Extract<BusFrame, { kind: "fixes" | "heartbeat" }>): FrameVerdict {
    const n = this.findNumber(frame.epoch);
    if (frame.kind === "heartbeat") return { kind: n === undefined || frame.lastN > n ? "gap" : "known" };
    // An epoch not seen yet: its broker's earlier epoch may have rows that never came over the bus.
    if (n === undefined || frame.firstN > n + 1) return { kind: "gap" };
    const skip = n + 1 - frame.firstN;
    return skip >= frame.fixes.length ? { kind: "known" } : { kind: "take", skip };
  }
}
