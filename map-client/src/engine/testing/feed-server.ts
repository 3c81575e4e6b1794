import {
  allocateFeedFrame,
  FEED_FLAG,
  type FeedToDesk,
  type FeedUnit,
  UNIT_STATUSES,
  writeFeedHeader,
} from "@wufen/contract";
import { UNIT_KINDS } from "../symbols.ts";

/** A unit as the feed's other end knows it. */
export interface ServedUnit {
  readonly no: number;
  callsign: string;
  kind: number;
  status: number;
  lngE7: number;
  latE7: number;
  positionAt: number;
  flags: number;
}

export const BASE_MS = 1_700_000_000_000;
export const EPOCH = 77;

/** A feed for tests: a naive map of units, and the wire's own encoders. Every change has a number. */
export class FeedServer {
  readonly units = new Map<number, ServedUnit>();
  seq = 10;
  readonly #chance: () => number;
  #nextNo = 1;

  constructor(chance: () => number, count: number) {
    this.#chance = chance;
    for (let i = 0; i < count; i++) this.#create();
  }

  /** What a desk gets after hello or resync. */
  everything(): (string | Uint8Array)[] {
    const units: FeedToDesk = {
      type: "units",
      epoch: EPOCH,
      all: true,
      fromSeq: 0,
      seq: this.seq,
      upsert: [...this.units.values()].map(toFeedUnit),
      remove: [],
    };
    return [JSON.stringify(units), this.#frame("snapshot", [...this.units.values()], this.seq, this.seq)];
  }

  welcome(): string {
    const person = { name: "t", role: "dispatcher" as const };
    const message: FeedToDesk = { type: "welcome", version: 1, epoch: EPOCH, serverTimeMs: BASE_MS, person };
    return JSON.stringify(message);
  }

  /** One random change: some units move, or the roster changes. */
  change(): string | Uint8Array {
    const from = this.seq;
    this.seq += 1;
    if (this.#chance() < 0.2) return this.#changeRoster(from);
    const moved = [...this.units.values()].filter(() => this.#chance() < 0.3);
    for (const unit of moved) this.#move(unit);
    return this.#frame("changes", moved, from, this.seq);
  }

  #changeRoster(from: number): string {
    const all = [...this.units.values()];
    const remove: number[] = [];
    const upsert: ServedUnit[] = [];
    for (const unit of all) {
      const chance = this.#chance();
      if (chance < 0.05 && this.units.size > 2) {
        this.units.delete(unit.no);
        remove.push(unit.no);
      } else if (chance < 0.12) {
        unit.callsign = `P${Math.floor(this.#chance() * 900)}`;
        unit.status = Math.floor(this.#chance() * UNIT_STATUSES.length);
        upsert.push(unit);
      }
    }
    if (this.#chance() < 0.6) upsert.push(this.#create());
    const message: FeedToDesk = {
      type: "units",
      epoch: EPOCH,
      all: false,
      fromSeq: from,
      seq: this.seq,
      upsert: upsert.map(toFeedUnit),
      remove,
    };
    return JSON.stringify(message);
  }

  #create(): ServedUnit {
    const no = this.#nextNo++;
    const kind = Math.floor(this.#chance() * UNIT_KINDS.length);
    const unit = { no, callsign: `P${no}`, kind, status: 0, lngE7: 0, latE7: 0, positionAt: 0, flags: 0 };
    this.units.set(no, unit);
    return unit;
  }

  #move(unit: ServedUnit): void {
    const chance = this.#chance;
    unit.lngE7 = Math.floor(1.04e9 + chance() * 1e6);
    unit.latE7 = Math.floor(3.06e8 + chance() * 1e6);
    unit.positionAt += 1 + Math.floor(chance() * 9000);
    unit.status = Math.floor(chance() * UNIT_STATUSES.length);
    unit.flags = chance() < 0.9 ? FEED_FLAG.hasPosition | FEED_FLAG.online : 0;
  }

  #frame(kind: "snapshot" | "changes", units: readonly ServedUnit[], fromSeq: number, toSeq: number): Uint8Array {
    const { bytes, columns } = allocateFeedFrame(units.length);
    units.forEach((unit, i) => {
      columns.unitNo[i] = unit.no;
      columns.lngE7[i] = unit.lngE7;
      columns.latE7[i] = unit.latE7;
      columns.positionAt[i] = unit.positionAt;
      columns.speedCms[i] = 65_535;
      columns.headingCdeg[i] = 9_000;
      columns.accuracyM[i] = 8;
      columns.status[i] = unit.status;
      columns.flags[i] = unit.flags;
      columns.battery[i] = 255;
    });
    const header = { kind, coalesced: false, count: units.length, fromSeq, toSeq, epoch: EPOCH };
    writeFeedHeader(bytes, { ...header, serverTimeMs: BASE_MS, baseMs: BASE_MS });
    return bytes;
  }
}

function toFeedUnit(unit: ServedUnit): FeedUnit {
  return {
    no: unit.no,
    id: `u-${unit.no}`,
    callsign: unit.callsign,
    kind: UNIT_KINDS[unit.kind]!,
    status: UNIT_STATUSES[unit.status]!,
    hasDevice: true,
  };
}
