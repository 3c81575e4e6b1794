import type { DeviceKind, FeedUnit, Position, PositionDatum, UnitKind, UnitStatus } from "@wufen/contract";

export interface DeviceRecord {
  readonly no: number;
  readonly id: string;
  readonly label: string;
  readonly kind: DeviceKind;
  readonly datum: PositionDatum;
  readonly disabled: boolean;
  readonly createdAtMs: number;
}

export interface UnitRecord {
  readonly no: number;
  readonly id: string;
  readonly callsign: string;
  readonly kind: UnitKind;
  readonly status: UnitStatus;
  readonly homePost: Position | null;
  readonly deviceNo: number | null;
}

/** What the database says of some rows: those that are, and the numbers of those that are no more. */
export interface RegistryChange {
  readonly devices: readonly DeviceRecord[];
  readonly units: readonly UnitRecord[];
  readonly goneDevices: readonly number[];
  readonly goneUnits: readonly number[];
}

/** Devices and units as the database last said they are. */
export class Registry {
  readonly devices = new Map<number, DeviceRecord>();
  readonly units = new Map<number, UnitRecord>();
  readonly #deviceById = new Map<string, DeviceRecord>();
  readonly #unitById = new Map<string, UnitRecord>();
  readonly #unitByDevice = new Map<number, UnitRecord>();

  findDevice(id: string): DeviceRecord | undefined {
    return this.#deviceById.get(id);
  }

  findUnit(id: string): UnitRecord | undefined {
    return this.#unitById.get(id);
  }

  findUnitOfDevice(deviceNo: number): UnitRecord | undefined {
    return this.#unitByDevice.get(deviceNo);
  }

  /** Takes a change over; answers the units that differ from before. */
  apply(change: RegistryChange): { readonly upserted: UnitRecord[]; readonly removed: number[] } {
    const removed = change.goneUnits.filter((no) => this.#removeUnit(no));
    for (const no of change.goneDevices) this.#removeDevice(no);
    for (const device of change.devices) {
      this.#removeDevice(device.no);
      this.devices.set(device.no, device);
      this.#deviceById.set(device.id, device);
    }
    const upserted = change.units.filter((unit) => !isSameUnit(this.units.get(unit.no), unit));
    for (const unit of upserted) this.#removeUnit(unit.no);
    for (const unit of upserted) {
      this.units.set(unit.no, unit);
      this.#unitById.set(unit.id, unit);
      if (unit.deviceNo !== null) this.#unitByDevice.set(unit.deviceNo, unit);
    }
    return { upserted, removed };
  }

  #removeDevice(no: number): void {
    const device = this.devices.get(no);
    if (device === undefined) return;
    this.devices.delete(no);
    this.#deviceById.delete(device.id);
  }

  #removeUnit(no: number): boolean {
    const unit = this.units.get(no);
    if (unit === undefined) return false;
    this.units.delete(no);
    this.#unitById.delete(unit.id);
    if (unit.deviceNo !== null && this.#unitByDevice.get(unit.deviceNo)?.no === no) {
      this.#unitByDevice.delete(unit.deviceNo);
    }
    return true;
  }
}

export function toFeedUnit(unit: UnitRecord): FeedUnit {
  return {
    no: unit.no,
    id: unit.id,
    callsign: unit.callsign,
    kind: unit.kind,
    status: unit.status,
    hasDevice: unit.deviceNo !== null,
  };
}

function isSameUnit(a: UnitRecord | undefined, b: UnitRecord): boolean {
  return (
    a !== undefined &&
    a.id === b.id &&
    a.callsign === b.callsign &&
    a.kind === b.kind &&
    a.status === b.status &&
    a.deviceNo === b.deviceNo &&
    a.homePost?.[0] === b.homePost?.[0] &&
    a.homePost?.[1] === b.homePost?.[1]
  );
}
