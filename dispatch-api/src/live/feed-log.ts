import { allocateFeedFrame, type FeedUnits, writeFeedHeader } from "@wufen/contract";
import { isStale } from "../domain/exclusion.ts";
import { positionAgeMs } from "../domain/position-age.ts";
import { FeedRows, toFeedRow } from "./feed-rows.ts";
import type { LiveState } from "./live-state.ts";
import { type Registry, toFeedUnit, type UnitRecord } from "./registry.ts";

/** Removals remembered for slow readers; one that missed more gets everything anew. */
export const REMOVALS_KEPT = 10_000;
/** How often positions are looked over for those that have grown stale, ms. */
export const STALE_SWEEP_MS = 1000;

/** One message to a desk: JSON as text, or a position frame. */
export type FeedMessage = string | Uint8Array;

/** A numbered step of the feed: it leads from `fromSeq` to `toSeq`. */
export interface FeedStep {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly message: FeedMessage;
}

/**
 * The feed as a log of numbered steps [F1]. Everything a desk may get is made here, once for all desks: the next step, a snapshot, or
 * the latest of all that a slow reader missed [F3].
 */
export class FeedLog {
  readonly epoch: number;
  readonly baseMs: number;
  seq = 0;
  readonly #live: LiveState;
  readonly #registry: Registry;
  readonly #rows = new FeedRows();
  readonly #unitSeq = new Map<number, number>();
  #removals: { readonly seq: number; readonly no: number }[] = [];
  #forgottenSeq = 0;
  #sweptAtMs = 0;
  #unitsJson: string | undefined;

  constructor(live: LiveState, registry: Registry, start: { readonly epoch: number; readonly baseMs: number }) {
    this.#live = live;
    this.#registry = registry;
    this.epoch = start.epoch;
    this.baseMs = start.baseMs;
    for (const unit of registry.units.values()) live.changedUnits.add(unit.no);
  }

  /** Takes over what moved since the last tick; undefined where nothing did. */
  tick(nowMs: number): FeedStep | undefined {
    this.#sweepStale(nowMs);
    const next = this.seq + 1;
    const changed = this.#live.changedUnits.take().filter((no) => {
      const unit = this.#registry.units.get(no);
      return unit !== undefined && this.#rows.put(no, toFeedRow(unit, this.#live, this.baseMs, nowMs), next);
    });
    if (changed.length === 0) return undefined;
    this.seq = next;
    return {
      fromSeq: next - 1,
      toSeq: next,
      message: this.#frame("changes", changed, { fromSeq: next - 1, toSeq: next, coalesced: false }, nowMs),
    };
  }

  /** Registry or status changed: said at once. */
  changeUnits(upserted: readonly UnitRecord[], removed: readonly number[]): FeedStep | undefined {
    if (upserted.length + removed.length === 0) return undefined;
    this.seq++;
    this.#unitsJson = undefined;
    for (const unit of upserted) {
      this.#unitSeq.set(unit.no, this.seq);
      this.#live.changedUnits.add(unit.no);
    }
    for (const no of removed) {
      this.#unitSeq.delete(no);
      this.#rows.remove(no);
      this.#removals.push({ seq: this.seq, no });
    }
    const overflow = this.#removals.length - REMOVALS_KEPT;
    if (overflow > 0) this.#forgottenSeq = this.#removals.splice(0, overflow).at(-1)?.seq ?? 0;
    const message = this.#units(upserted, removed, this.seq - 1, this.seq);
    return { fromSeq: this.seq - 1, toSeq: this.seq, message };
  }

  /** All units and a snapshot at the present number. */
  whole(nowMs: number): FeedMessage[] {
    const { seq } = this;
    this.#unitsJson ??= JSON.stringify([...this.#registry.units.values()].map(toFeedUnit));
    const head: Omit<FeedUnits, "upsert"> = {
      type: "units",
      epoch: this.epoch,
      all: true,
      fromSeq: seq,
      seq,
      remove: [],
    };
    // The units' JSON is the long part and is made once for all desks that join.
    const units = `${JSON.stringify(head).slice(0, -1)},"upsert":${this.#unitsJson}}`;
    const numbers = { fromSeq: seq, toSeq: seq, coalesced: false };
    return [units, this.#frame("snapshot", this.#rows.listAll(), numbers, nowMs)];
  }

  /** The latest of everything that changed after `seq`; undefined where only a whole anew will do. */
  since(seq: number, nowMs: number): FeedMessage[] | undefined {
    if (seq < this.#forgottenSeq) return undefined;
    const messages: FeedMessage[] = [];
    const moved = this.#rows.listChangedSince(seq);
    const upserted = [...this.#unitSeq]
      .filter(([, at]) => at > seq)
      .flatMap(([no]) => this.#registry.units.get(no) ?? []);
    const removed = new Set(this.#removals.filter((removal) => removal.seq > seq).map(({ no }) => no));
    for (const unit of upserted) removed.delete(unit.no);
    // Where both kinds were missed, at least two steps were: the number between them is free.
    const between = moved.length === 0 ? this.seq : this.seq - 1;
    const onlyMoved = upserted.length + removed.size === 0;
    if (!onlyMoved) messages.push(this.#units(upserted, [...removed], seq, between));
    if (moved.length > 0 || onlyMoved) {
      const numbers = { fromSeq: onlyMoved ? seq : between, toSeq: this.seq, coalesced: true };
      messages.push(this.#frame("changes", moved, numbers, nowMs));
    }
    return messages;
  }

  #sweepStale(nowMs: number): void {
    if (nowMs - this.#sweptAtMs < STALE_SWEEP_MS) return;
    const from = this.#sweptAtMs;
    this.#sweptAtMs = nowMs;
    for (const unit of this.#registry.units.values()) {
      if (unit.deviceNo === null || this.#live.devices.hasFix[unit.deviceNo] !== 1) continue;
      const measuredMs = this.#live.measuredAtMs(unit.deviceNo);
      const was = isStale(unit.kind, positionAgeMs(measuredMs, from));
      if (was !== isStale(unit.kind, positionAgeMs(measuredMs, nowMs))) this.#live.changedUnits.add(unit.no);
    }
  }

  #units(upserted: readonly UnitRecord[], removed: readonly number[], fromSeq: number, seq: number): string {
    const message: FeedUnits = {
      type: "units",
      epoch: this.epoch,
      all: false,
      fromSeq,
      seq,
      upsert: upserted.map(toFeedUnit),
      remove: [...removed],
    };
    return JSON.stringify(message);
  }

  #frame(
    kind: "snapshot" | "changes",
    unitNos: readonly number[],
    numbers: { readonly fromSeq: number; readonly toSeq: number; readonly coalesced: boolean },
    nowMs: number,
  ): Uint8Array {
    const count = unitNos.length;
    const { bytes, columns } = allocateFeedFrame(count);
    writeFeedHeader(bytes, { kind, count, ...numbers, epoch: this.epoch, serverTimeMs: nowMs, baseMs: this.baseMs });
    this.#rows.gather(unitNos, columns);
    return bytes;
  }
}
