import { FIX_FLAG, type Fix, type PresenceChange, type UnitKind } from "@wufen/contract";
import { type Belief, believe } from "../domain/believed-fix.ts";
import { isPlausibleMove } from "../domain/plausible-move.ts";
import { measuredAtMs } from "../domain/position-age.ts";
import { FASTEST_KMH, UNIT_KIND_SETTINGS } from "../domain/unit-kind-settings.ts";
import { DeviceColumns, UNKNOWN_BATTERY, UNKNOWN_I16, UNKNOWN_U16 } from "./device-columns.ts";
import { NumberSet } from "./number-set.ts";

/** What the state keeps of one device between starts. */
export interface SavedDevice {
  readonly believed: Fix;
  readonly heardAtMs: number;
  readonly clockOffsetMs: number;
  readonly doubted: readonly Fix[];
}

export interface KeptUnmoved {
  readonly deviceNo: number;
  readonly late: number;
  readonly implausible: number;
}

/** Where every device is believed to be. Moved by {@link receive} and nothing else; what changed is taken by those who pass it on. */
export class LiveState {
  readonly devices = new DeviceColumns();
  /** Devices whose saved state is out of date. */
  readonly unsaved = new NumberSet();
  /** Units whose row in the feed may be out of date. */
  readonly changedUnits = new NumberSet();
  readonly #doubted = new Map<number, readonly Fix[]>();
  readonly #kept = new Map<number, { late: number; implausible: number }>();
  received = 0;

  /** Takes fixes in the order given; the same fix twice is one [P2]. */
  receive(fixes: readonly Fix[]): void {
    for (const fix of fixes) this.#receiveOne(fix);
    this.received += fixes.length;
  }

  /** What a broker says of its connections. That a device left counts only from the broker that had it; clocks of two are not compared. */
  receivePresence(changes: readonly PresenceChange[], broker: number): void {
    const { devices } = this;
    for (const { deviceNo, online, atMs } of changes) {
      devices.reserve(deviceNo);
      const before = num(devices.onlineBroker[deviceNo]);
      const isOwn = before === 0 || before === broker + 1;
      if (isOwn ? atMs < num(devices.onlineAtMs[deviceNo]) : !online) continue;
      this.#setPresence(deviceNo, online, atMs, broker);
    }
  }

  /** What is written down of all brokers; it may lag behind what they said. */
  restorePresence(saved: readonly (PresenceChange & { readonly broker: number })[]): void {
    for (const { deviceNo, online, atMs, broker } of saved) {
      this.devices.reserve(deviceNo);
      if (atMs >= num(this.devices.onlineAtMs[deviceNo])) this.#setPresence(deviceNo, online, atMs, broker);
    }
  }

  /** Says which unit a device serves; its kind bounds how fast it may move [P5]. */
  bind(deviceNo: number, unit: { readonly no: number; readonly kind: UnitKind } | undefined): void {
    this.devices.reserve(deviceNo);
    this.#touchUnit(deviceNo);
    this.devices.unitNo[deviceNo] = unit?.no ?? 0;
    this.devices.maxSpeedKmh[deviceNo] = unit === undefined ? 0 : UNIT_KIND_SETTINGS[unit.kind].maxSpeedKmh;
    this.#touchUnit(deviceNo);
  }

  restore(saved: SavedDevice): void {
    const { devices } = this;
    const no = saved.believed.deviceNo;
    devices.reserve(no);
    this.#setBelieved(no, saved.believed);
    devices.heardAtMs[no] = saved.heardAtMs;
    devices.clockOffsetMs[no] = saved.clockOffsetMs;
    this.#setDoubted(no, saved.doubted);
    this.#touchUnit(no);
  }

  /** The believed fix of a device; undefined where it has none. */
  findBelieved(no: number): Fix | undefined {
    const { devices } = this;
    if (no >= devices.capacity || devices.hasFix[no] !== 1) return undefined;
    return {
      deviceNo: no,
      fixedAtMs: num(devices.fixedAtMs[no]),
      seq: num(devices.seq[no]),
      receivedAtMs: num(devices.receivedAtMs[no]),
      lngE7: num(devices.lngE7[no]),
      latE7: num(devices.latE7[no]),
      accuracyDm: known(devices.accuracyDm[no], UNKNOWN_U16),
      speedCms: known(devices.speedCms[no], UNKNOWN_U16),
      headingCdeg: known(devices.headingCdeg[no], UNKNOWN_U16),
      altitudeM: known(devices.altitudeM[no], UNKNOWN_I16),
      batteryPercent: known(devices.battery[no], UNKNOWN_BATTERY),
      clockOffsetMs: undefined,
      flags: num(devices.flags[no]),
    };
  }

  listDoubted(no: number): readonly Fix[] {
    return this.#doubted.get(no) ?? [];
  }

  /** [P8] When the believed position was measured, on our clock. */
  measuredAtMs(no: number): number {
    const { devices } = this;
    return measuredAtMs(num(devices.fixedAtMs[no]), num(devices.clockOffsetMs[no]), num(devices.receivedAtMs[no]));
  }

  /** [P3, P5] What was kept and moved nothing since the last call. */
  takeKept(): KeptUnmoved[] {
    const kept = [...this.#kept].map(([deviceNo, counts]) => ({ deviceNo, ...counts }));
    this.#kept.clear();
    return kept;
  }

  /** Gives back what {@link takeKept} took and could not be stored. */
  returnKept(kept: readonly KeptUnmoved[]): void {
    for (const { deviceNo, late, implausible } of kept) this.#keep(deviceNo, late, implausible);
  }

  #receiveOne(fix: Fix): void {
    const { devices } = this;
    const no = fix.deviceNo;
    if (no >= devices.capacity) devices.reserve(no);
    if (fix.receivedAtMs >= num(devices.heardAtMs[no])) this.#hear(no, fix);
    const newer =
      fix.fixedAtMs > num(devices.fixedAtMs[no]) ||
      (fix.fixedAtMs === devices.fixedAtMs[no] && fix.seq > num(devices.seq[no]));
    if (devices.hasFix[no] === 1 && devices.inDoubt[no] === 0 && (fix.flags & FIX_FLAG.aliveOnly) === 0) {
      // The two common ways, without an allocation; `believe` decides the rest by the same rules.
      if (!newer) {
        if (fix.fixedAtMs !== devices.fixedAtMs[no] || fix.seq !== devices.seq[no]) this.#keep(no, 1, 0);
        return;
      }
      if (this.#isPlausible(no, fix)) {
        this.#move(no, fix);
        return;
      }
    }
    this.#believe(no, fix);
  }

  /** The latest message tells that the link lives, and the device's clock offset where its broker knows it [P8]. */
  #hear(no: number, fix: Fix): void {
    const { devices } = this;
    if (devices.heardAtMs[no] !== fix.receivedAtMs) {
      devices.heardAtMs[no] = fix.receivedAtMs;
      this.unsaved.add(no);
    }
    if (fix.clockOffsetMs === undefined || fix.clockOffsetMs === devices.clockOffsetMs[no]) return;
    devices.clockOffsetMs[no] = fix.clockOffsetMs;
    this.unsaved.add(no);
    this.#touchUnit(no);
  }

  #isPlausible(no: number, fix: Fix): boolean {
    const { devices } = this;
    scratch.fixedAtMs = num(devices.fixedAtMs[no]);
    scratch.lngE7 = num(devices.lngE7[no]);
    scratch.latE7 = num(devices.latE7[no]);
    scratch.accuracyDm = known(devices.accuracyDm[no], UNKNOWN_U16);
    return isPlausibleMove(scratch, fix, this.#maxSpeedKmh(no));
  }

  #believe(no: number, fix: Fix): void {
    const belief: Belief = { believed: this.findBelieved(no), doubted: this.listDoubted(no) };
    const after = believe(belief, fix, this.#maxSpeedKmh(no));
    switch (after.verdict) {
      case "moved":
        this.#setDoubted(no, after.belief.doubted);
        if (after.belief.believed !== undefined) this.#move(no, after.belief.believed);
        return;
      case "doubted":
        this.#setDoubted(no, after.belief.doubted);
        this.#keep(no, 0, 1);
        this.unsaved.add(no);
        this.#touchUnit(no);
        return;
      case "late":
        this.#keep(no, 1, 0);
        return;
      case "same":
      case "alive":
        return;
    }
  }

  #move(no: number, fix: Fix): void {
    this.#setBelieved(no, fix);
    this.unsaved.add(no);
    this.#touchUnit(no);
  }

  #setBelieved(no: number, fix: Fix): void {
    const { devices } = this;
    devices.hasFix[no] = 1;
    devices.fixedAtMs[no] = fix.fixedAtMs;
    devices.seq[no] = fix.seq;
    devices.receivedAtMs[no] = fix.receivedAtMs;
    devices.lngE7[no] = fix.lngE7;
    devices.latE7[no] = fix.latE7;
    devices.accuracyDm[no] = fix.accuracyDm ?? UNKNOWN_U16;
    devices.speedCms[no] = fix.speedCms ?? UNKNOWN_U16;
    devices.headingCdeg[no] = fix.headingCdeg ?? UNKNOWN_U16;
    devices.altitudeM[no] = fix.altitudeM ?? UNKNOWN_I16;
    devices.battery[no] = fix.batteryPercent ?? UNKNOWN_BATTERY;
    devices.flags[no] = fix.flags;
  }

  #setDoubted(no: number, doubted: readonly Fix[]): void {
    if (doubted.length === 0) this.#doubted.delete(no);
    else this.#doubted.set(no, doubted);
    this.devices.inDoubt[no] = doubted.length === 0 ? 0 : 1;
  }

  #maxSpeedKmh(no: number): number {
    return this.devices.maxSpeedKmh[no] || FASTEST_KMH;
  }

  #keep(no: number, late: number, implausible: number): void {
    const counts = this.#kept.get(no);
    if (counts === undefined) this.#kept.set(no, { late, implausible });
    else {
      counts.late += late;
      counts.implausible += implausible;
    }
  }

  #setPresence(deviceNo: number, online: boolean, atMs: number, broker: number): void {
    const { devices } = this;
    devices.onlineBroker[deviceNo] = broker + 1;
    devices.onlineAtMs[deviceNo] = atMs;
    const code = online ? 1 : 0;
    if (devices.online[deviceNo] === code) return;
    devices.online[deviceNo] = code;
    this.#touchUnit(deviceNo);
  }

  #touchUnit(no: number): void {
    const unitNo = this.devices.unitNo[no];
    if (unitNo !== undefined && unitNo !== 0) this.changedUnits.add(unitNo);
  }
}

const scratch: { fixedAtMs: number; lngE7: number; latE7: number; accuracyDm: number | undefined } = {
  fixedAtMs: 0,
  lngE7: 0,
  latE7: 0,
  accuracyDm: undefined,
};

/** A column read below its capacity is never undefined. */
function num(value: number | undefined): number {
  return value ?? 0;
}

function known(value: number | undefined, unknown: number): number | undefined {
  return value === unknown ? undefined : value;
}
