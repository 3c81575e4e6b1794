import { FEED_FLAG, type FeedColumns, FIX_FLAG, UNIT_STATUSES } from "@wufen/contract";
import { isStale } from "../domain/exclusion.ts";
import { positionAgeMs } from "../domain/position-age.ts";
import { grown, UNKNOWN_BATTERY, UNKNOWN_U16 } from "./device-columns.ts";
import type { LiveState } from "./live-state.ts";
import type { UnitRecord } from "./registry.ts";

const FIRST_CAPACITY = 1024;
const UNKNOWN_ACCURACY_M = 255;
const MOST_ACCURACY_M = 254;
const I32_MIN = -0x80000000;
const I32_MAX = 0x7fffffff;

/** One unit as the frames show it. */
interface FeedRow {
  lngE7: number;
  latE7: number;
  positionAt: number;
  speedCms: number;
  headingCdeg: number;
  accuracyM: number;
  status: number;
  flags: number;
  battery: number;
}

/** The rows of the frames as of the last sequence number: what a snapshot says [F1]. Row index = unit number. */
export class FeedRows {
  #columns = createColumns(FIRST_CAPACITY);
  /** Sequence number of a unit's last change; 0: never. */
  #changedSeq = new Uint32Array(FIRST_CAPACITY);
  readonly #present = new Set<number>();

  /** Writes a row; answers whether it differs from before. */
  put(unitNo: number, row: Readonly<FeedRow>, seq: number): boolean {
    this.#reserve(unitNo);
    const to = this.#columns;
    const isNew = !this.#present.has(unitNo);
    const same =
      !isNew &&
      to.lngE7[unitNo] === row.lngE7 &&
      to.latE7[unitNo] === row.latE7 &&
      to.positionAt[unitNo] === row.positionAt &&
      to.speedCms[unitNo] === row.speedCms &&
      to.headingCdeg[unitNo] === row.headingCdeg &&
      to.accuracyM[unitNo] === row.accuracyM &&
      to.status[unitNo] === row.status &&
      to.flags[unitNo] === row.flags &&
      to.battery[unitNo] === row.battery;
    if (same) return false;
    if (isNew) this.#present.add(unitNo);
    to.unitNo[unitNo] = unitNo;
    to.lngE7[unitNo] = row.lngE7;
    to.latE7[unitNo] = row.latE7;
    to.positionAt[unitNo] = row.positionAt;
    to.speedCms[unitNo] = row.speedCms;
    to.headingCdeg[unitNo] = row.headingCdeg;
    to.accuracyM[unitNo] = row.accuracyM;
    to.status[unitNo] = row.status;
    to.flags[unitNo] = row.flags;
    to.battery[unitNo] = row.battery;
    this.#changedSeq[unitNo] = seq;
    return true;
  }

  remove(unitNo: number): void {
    this.#present.delete(unitNo);
  }

  listAll(): number[] {
    return [...this.#present];
  }

  listChangedSince(seq: number): number[] {
    return this.listAll().filter((no) => (this.#changedSeq[no] ?? 0) > seq);
  }

  /** Gathers rows into the columns of a frame, in the order given. */
  gather(unitNos: readonly number[], into: FeedColumns): void {
    const from = this.#columns;
    gatherColumn(from.unitNo, unitNos, into.unitNo);
    gatherColumn(from.lngE7, unitNos, into.lngE7);
    gatherColumn(from.latE7, unitNos, into.latE7);
    gatherColumn(from.positionAt, unitNos, into.positionAt);
    gatherColumn(from.speedCms, unitNos, into.speedCms);
    gatherColumn(from.headingCdeg, unitNos, into.headingCdeg);
    gatherColumn(from.accuracyM, unitNos, into.accuracyM);
    gatherColumn(from.status, unitNos, into.status);
    gatherColumn(from.flags, unitNos, into.flags);
    gatherColumn(from.battery, unitNos, into.battery);
  }

  #reserve(unitNo: number): void {
    if (unitNo < this.#changedSeq.length) return;
    const capacity = 2 ** Math.ceil(Math.log2(unitNo + 1));
    const larger = createColumns(capacity);
    const old = this.#columns;
    this.#columns = {
      unitNo: grown(old.unitNo, larger.unitNo),
      lngE7: grown(old.lngE7, larger.lngE7),
      latE7: grown(old.latE7, larger.latE7),
      positionAt: grown(old.positionAt, larger.positionAt),
      speedCms: grown(old.speedCms, larger.speedCms),
      headingCdeg: grown(old.headingCdeg, larger.headingCdeg),
      accuracyM: grown(old.accuracyM, larger.accuracyM),
      status: grown(old.status, larger.status),
      flags: grown(old.flags, larger.flags),
      battery: grown(old.battery, larger.battery),
    };
    this.#changedSeq = grown(this.#changedSeq, new Uint32Array(capacity));
  }
}

/** What the frames say of a unit. Off duty its position is not shown, not even to those who may see it: it is not collected. */
export function toFeedRow(unit: UnitRecord, live: LiveState, baseMs: number, nowMs: number): FeedRow {
  const { devices } = live;
  const deviceNo = unit.deviceNo;
  const row: FeedRow = {
    lngE7: 0,
    latE7: 0,
    positionAt: 0,
    speedCms: UNKNOWN_U16,
    headingCdeg: UNKNOWN_U16,
    accuracyM: UNKNOWN_ACCURACY_M,
    status: UNIT_STATUSES.indexOf(unit.status),
    flags: 0,
    battery: UNKNOWN_BATTERY,
  };
  if (deviceNo === null || deviceNo >= devices.capacity || unit.status === "off-duty") return row;
  if (devices.online[deviceNo] === 1) row.flags |= FEED_FLAG.online;
  if (devices.inDoubt[deviceNo] === 1) row.flags |= FEED_FLAG.implausible;
  if (devices.hasFix[deviceNo] !== 1) return row;
  const measuredMs = live.measuredAtMs(deviceNo);
  const accuracyDm = devices.accuracyDm[deviceNo] ?? UNKNOWN_U16;
  row.flags |= FEED_FLAG.hasPosition;
  if (isStale(unit.kind, positionAgeMs(measuredMs, nowMs))) row.flags |= FEED_FLAG.stale;
  if (((devices.flags[deviceNo] ?? 0) & FIX_FLAG.simulated) !== 0) row.flags |= FEED_FLAG.simulated;
  row.lngE7 = devices.lngE7[deviceNo] ?? 0;
  row.latE7 = devices.latE7[deviceNo] ?? 0;
  row.positionAt = Math.max(I32_MIN, Math.min(I32_MAX, Math.round(measuredMs - baseMs)));
  row.speedCms = devices.speedCms[deviceNo] ?? UNKNOWN_U16;
  row.headingCdeg = devices.headingCdeg[deviceNo] ?? UNKNOWN_U16;
  if (accuracyDm !== UNKNOWN_U16) row.accuracyM = Math.min(MOST_ACCURACY_M, Math.ceil(accuracyDm / 10));
  row.battery = devices.battery[deviceNo] ?? UNKNOWN_BATTERY;
  return row;
}

function gatherColumn(
  from: { readonly [index: number]: number },
  indexes: readonly number[],
  into: { [index: number]: number },
): void {
  for (let i = 0; i < indexes.length; i++) into[i] = from[indexes[i] ?? 0] ?? 0;
}

function createColumns(capacity: number): FeedColumns {
  return {
    unitNo: new Uint32Array(capacity),
    lngE7: new Int32Array(capacity),
    latE7: new Int32Array(capacity),
    positionAt: new Int32Array(capacity),
    speedCms: new Uint16Array(capacity),
    headingCdeg: new Uint16Array(capacity),
    accuracyM: new Uint8Array(capacity),
    status: new Uint8Array(capacity),
    flags: new Uint8Array(capacity),
    battery: new Uint8Array(capacity),
  };
}
